"""databricks_quality_monitor.

Gaps, refused: `provider_config`.
"""

from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import InvalidValue, NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.catalog.securable import UNITY
from brickyard_local.provider.resources.generated import plain
from brickyard_local.provider.resources.waiting import wait_for
from brickyard_local.provider.wire.values import Value

_TIMEOUT_S = 15 * 60
_SINGLE = ("data_classification_config", "inference_log", "notifications", "schedule", "snapshot", "time_series")
_CHANGED = (
    "baseline_table_name",
    "custom_metrics",
    "data_classification_config",
    "inference_log",
    "latest_monitor_failure_msg",
    "notifications",
    "output_schema_name",
    "schedule",
    "slicing_exprs",
    "snapshot",
    "time_series",
)
_KEPT = ("skip_builtin_dashboard", "warehouse_id")
_CREATED = (*_CHANGED, *_KEPT, "assets_dir")


class QualityMonitor(Resource):
    """A monitor of one table; every change waits until it is active."""

    type_name = "databricks_quality_monitor"
    import_form = "<catalog>.<schema>.<table>"
    behaviour = Behaviour(
        framework=True, local=frozenset({"provider_config", "skip_builtin_dashboard", "warehouse_id"})
    )

    def create(self, session: Session, planned: State) -> str:
        session.api.post(_path(planned), _body(planned, _CREATED))
        return str(planned["table_name"])

    def complete(self, session: Session, state: State) -> None:
        _wait(session, state)

    def read(self, session: Session, state: State) -> Found | None:
        monitor = session.api.get(_path(state))
        return {**session.found(monitor), "id": monitor["table_name"]}

    def update(self, session: Session, prior: State, planned: State) -> str:
        """Errors: InvalidValue where the genuine provider's answer would contradict its plan."""
        kept = sorted(name for name in _KEPT if prior.get(name) != planned.get(name))
        if kept:
            raise InvalidValue(
                f"{', '.join(kept)} of a quality monitor cannot be changed: the genuine provider keeps what was there",
                "Leave it as it was, or make the monitor anew.",
            )
        body = _body(planned, _CHANGED)
        body.get("schedule", {}).pop("pause_status", None)
        if prior.get("dashboard_id"):
            body["dashboard_id"] = prior["dashboard_id"]
        session.api.put(_path(planned), body)
        _wait(session, planned)
        return str(planned["table_name"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(prior))

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        if planned.get("provider_config"):
            raise NotEmulated("argument", "databricks_quality_monitor.provider_config")
        return planned

    def imported(self, import_id: str) -> dict[str, Value]:
        return {"id": import_id, "table_name": import_id}


def _path(state: State) -> str:
    return f"{UNITY}/tables/{segment(str(state['table_name']))}/monitor"


def _body(planned: State, names: tuple[str, ...]) -> dict[str, Any]:
    """Blocks are lists in Terraform, and most of them single objects in the API."""
    known = plain({name: planned.get(name) for name in names})
    sent = {name: value for name, value in known.items() if value != [] or name not in (*_SINGLE, "custom_metrics")}
    body = {name: value[0] if name in _SINGLE else value for name, value in sent.items()}
    events = body.get("notifications", {})
    return {**body, **({"notifications": {name: to[0] for name, to in events.items() if to}} if events else {})}


def _wait(session: Session, state: State) -> None:
    wait_for(
        f"The monitor of {state['table_name']}",
        lambda: str(session.api.get(_path(state)).get("status")),
        ready="MONITOR_STATUS_ACTIVE",
        failed=("MONITOR_STATUS_ERROR", "MONITOR_STATUS_FAILED"),
        timeout_s=_TIMEOUT_S,
    )
