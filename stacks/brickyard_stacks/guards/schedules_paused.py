"""Where schedules are paused, as in dev unless its settings say otherwise, nothing starts by itself."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

# Where each kind of object says whether it starts by itself.
_STARTS = {
    "databricks_job": (("schedule",), ("trigger",), ("continuous",)),
    "databricks_quality_monitor": (("schedule",),),
    "databricks_data_quality_monitor": (("data_profiling_config", "schedule"),),
    "databricks_alert_v2": (("schedule",),),
}


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """Every schedule and trigger says PAUSED."""
    if environment.schedules != "paused":
        return
    for way in _STARTS.get(resource.kind, ()):
        for block in resource.blocks(*way):
            if block.get("pause_status") != "PAUSED":
                fix = f"set pause_status PAUSED, or `schedules: running` in environments/{environment.name}.yaml"
                yield f"its {way[-1]} starts runs where schedules are paused; {fix}"
