"""What changes in an object, in words: a table from attribute to sentence, for what a reviewer should not overlook."""

from collections.abc import Iterable, Iterator
from re import compile as pattern
from re import sub
from typing import Any

from brickyard_review.analyses.differences import Difference, shorten
from brickyard_review.model import Action
from brickyard_review.plan.model import ResourceChange
from brickyard_review.plan.values import shown_text

_LABEL = pattern(r"\[[^\]]*\]")
_PLACE = pattern(r"(\w+)\[([^\]]*)\]")
_FROM_TO = "{before} → {after}"

# Attribute path, labels as `*`, by its end → sentence. The longest end that is listed wins.
_SENTENCES = {
    "run_as.service_principal_name": f"runs as: {_FROM_TO}",
    "run_as.user_name": f"runs as: {_FROM_TO}",
    "run_as": f"runs as: {_FROM_TO}",
    "owner": f"owner: {_FROM_TO}",
    "schedule": f"schedule: {_FROM_TO}",
    "schedule.quartz_cron_expression": f"schedule: {_FROM_TO}",
    "schedule.timezone_id": f"time zone of the schedule: {_FROM_TO}",
    "schedule.pause_status": "schedule is now {after} (was {before})",
    "trigger": f"trigger: {_FROM_TO}",
    "trigger.pause_status": "trigger is now {after} (was {before})",
    "continuous.pause_status": "continuous runs are now {after} (were {before})",
    "max_concurrent_runs": f"runs at the same time: {_FROM_TO}",
    "timeout_seconds": f"timeout in seconds: {_FROM_TO}",
    "task[*]": "task: {change}",
    "dependencies": f"libraries: {_FROM_TO}",
    "python_wheel_task.entry_point": f"entry point: {_FROM_TO}",
    "node_type_id": f"node type: {_FROM_TO}",
    "driver_node_type_id": f"driver's node type: {_FROM_TO}",
    "num_workers": f"workers: {_FROM_TO}",
    "autoscale.min_workers": f"fewest workers: {_FROM_TO}",
    "autoscale.max_workers": f"most workers: {_FROM_TO}",
    "spark_version": f"Databricks Runtime: {_FROM_TO}",
    "data_security_mode": f"access mode: {_FROM_TO}",
    "single_user_name": f"only user: {_FROM_TO}",
    "policy_id": f"cluster policy: {_FROM_TO}",
    "autotermination_minutes": f"stops after idle minutes: {_FROM_TO}",
    "idle_instance_autotermination_minutes": f"idle instances stop after minutes: {_FROM_TO}",
    "min_idle_instances": f"idle instances kept: {_FROM_TO}",
    "auto_stop_mins": f"stops after idle minutes: {_FROM_TO}",
    "cluster_size": f"size: {_FROM_TO}",
    "min_num_clusters": f"fewest clusters: {_FROM_TO}",
    "max_num_clusters": f"most clusters: {_FROM_TO}",
    "enable_serverless_compute": f"serverless: {_FROM_TO}",
    "served_entities[*]": "served entity: {change}",
    "entity_name": f"model: {_FROM_TO}",
    "entity_version": f"model version: {_FROM_TO}",
    "workload_size": f"workload size: {_FROM_TO}",
    "workload_type": f"workload type: {_FROM_TO}",
    "scale_to_zero_enabled": f"sleeps when idle: {_FROM_TO}",
    "min_provisioned_throughput": f"least throughput: {_FROM_TO}",
    "max_provisioned_throughput": f"most throughput: {_FROM_TO}",
    "traffic_percentage": f"share of the traffic in %: {_FROM_TO}",
    "rate_limits.calls": f"calls allowed: {_FROM_TO}",
    "isolation_mode": f"isolation: {_FROM_TO}",
    "force_destroy": f"may be destroyed with all that is in it: {_FROM_TO}",
    "deletion_protection": f"protected from deletion: {_FROM_TO}",
    "storage_root": f"storage: {_FROM_TO}",
    "storage_location": f"storage: {_FROM_TO}",
    "url": f"URL: {_FROM_TO}",
    "read_only": f"read only: {_FROM_TO}",
    "active": f"active: {_FROM_TO}",
    "admin": f"administrator: {_FROM_TO}",
}


def sentences(change: ResourceChange, found: Iterable[Difference]) -> tuple[str, ...]:
    """A sentence for each listed attribute of an object that stays or is replaced."""
    if change.action not in (Action.UPDATE, Action.REPLACE):
        return ()
    return tuple(dict.fromkeys(sentence for difference in found for sentence in _sentence(change.type, difference)))


def _sentence(resource_type: str, difference: Difference) -> Iterator[str]:
    before, after = _value(difference.before), _value(difference.after)
    change = "added" if difference.before is None else "removed" if difference.after is None else f"{before} → {after}"
    if resource_type == "databricks_cluster_policy" and difference.path.startswith("definition."):
        yield f"policy rule `{difference.path.removeprefix('definition.')}`: {before} → {after}"
    elif template := _template(difference.path):
        yield f"{_place(difference.path)}{template.format(before=before, after=after, change=change)}"


def _template(path: str) -> str | None:
    steps = _LABEL.sub("[*]", path).split(".")
    ends = (".".join(steps[at:]) for at in range(len(steps)))
    return next((_SENTENCES[end] for end in ends if end in _SENTENCES), None)


def _place(path: str) -> str:
    """Which of several: `task train, `."""
    labels = [f"{sub('_', ' ', name)} {label}" for name, label in _PLACE.findall(path) if not label.isdigit()]
    return f"{', '.join(labels)}: " if labels else ""


def _value(value: Any) -> str:
    return shorten(shown_text(value), 80)
