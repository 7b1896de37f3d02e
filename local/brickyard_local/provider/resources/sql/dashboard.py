"""databricks_dashboard: a definition, published as it is written.

Gaps: `dataset_catalog` and `dataset_schema`, which newer providers know.
"""

from pathlib import Path
from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.errors import ApiError, InvalidValue
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.content import md5_of
from brickyard_local.provider.wire.values import UNKNOWN, Value

_DASHBOARDS = "/api/2.0/lakeview/dashboards"
_FIELDS = ("display_name", "parent_path", "warehouse_id")
_TRASHED = "TRASHED"


def _is_same_folder(old: Value, new: Value) -> bool:
    """`/Workspace` may be left out."""
    return isinstance(old, str) and isinstance(new, str) and _plain(old) == _plain(new)


def _plain(path: str) -> str:
    return path.removeprefix("/Workspace")


class Dashboard(Resource):
    """A dashboard; its content is known by its hash, since the workspace may write it in another way."""

    type_name = "databricks_dashboard"
    behaviour = Behaviour(
        force_new=frozenset({"parent_path"}),
        defaults={"embed_credentials": True},
        suppress={"parent_path": _is_same_folder},
        one_of=(OneOf(names=("file_path", "serialized_dashboard")),),
        local=frozenset({"id", "embed_credentials", "file_path", "md5"}),
        reported=frozenset({"dashboard_change_detected", "serialized_dashboard"}),
    )

    def create(self, session: Session, planned: State) -> str:
        body = _body(session, planned)
        try:
            made = session.api.post(_DASHBOARDS, body)
        except ApiError as error:
            if not (error.summary.startswith("Path (") and error.summary.endswith(") doesn't exist.")):
                raise
            session.api.post("/api/2.0/workspace/mkdirs", {"path": planned["parent_path"]})
            made = session.api.post(_DASHBOARDS, body)
        return str(made["dashboard_id"])

    def complete(self, session: Session, state: State) -> None:
        _publish(session, state)

    def read(self, session: Session, state: State) -> Found | None:
        found = session.api.get(_path(state["id"]))
        if found.get("lifecycle_state") == _TRASHED:
            return None
        return {**session.found(found), "dashboard_change_detected": found.get("etag") != state.get("etag")}

    def written(self, session: Session, state: State) -> Found | None:
        found = self.read(session, state)
        if found is None:
            return None
        return {**found, "dashboard_change_detected": False, "md5": md5_of(_content(state).encode())}

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.patch(_path(prior["id"]), _body(session, planned))
        _publish(session, {**planned, "id": prior["id"]})
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        try:
            session.api.delete(_path(prior["id"]))
        except ApiError:
            # One that somebody put into the trash is refused, and gone all the same.
            if session.api.get(_path(prior["id"])).get("lifecycle_state") != _TRASHED:
                raise

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        """The same content is no change, unless somebody changed the dashboard meanwhile."""
        if prior is None or planned.get("serialized_dashboard") is UNKNOWN:
            return planned
        if md5_of(_content(planned).encode()) != prior.get("md5") or prior.get("dashboard_change_detected"):
            return planned
        return {**planned, "serialized_dashboard": prior.get("serialized_dashboard")}


def _body(session: Session, planned: State) -> dict[str, Any]:
    return {**session.body(planned, *_FIELDS), "serialized_dashboard": _content(planned)}


def _content(state: State) -> str:
    """Errors: InvalidValue."""
    file = state.get("file_path")
    if not isinstance(file, str) or not file:
        given = state.get("serialized_dashboard")
        return given if isinstance(given, str) else ""
    try:
        return Path(file).read_text()
    except OSError as error:
        raise InvalidValue(f"Cannot read {file}", str(error)) from error


def _publish(session: Session, state: State) -> None:
    body = {"embed_credentials": bool(state.get("embed_credentials")), "warehouse_id": state["warehouse_id"]}
    session.api.post(f"{_path(state['id'])}/published", body)


def _path(dashboard_id: Value) -> str:
    return f"{_DASHBOARDS}/{segment(str(dashboard_id))}"
