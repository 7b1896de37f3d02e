"""databricks_query."""

from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, ignore_unset, one_of
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

_QUERIES = "/api/2.0/sql/queries"
_WORKSPACE = "/Workspace"
_ALWAYS_CHANGED = ("display_name", "query_text", "warehouse_id", "parameters")
_CHANGED = ("run_as_mode", "owner_user_name", "description", "tags", "apply_auto_limit", "catalog", "schema")
_CREATE_FIELDS = (
    "apply_auto_limit",
    "catalog",
    "description",
    "display_name",
    "parameter",
    "parent_path",
    "query_text",
    "run_as_mode",
    "schema",
    "tags",
    "warehouse_id",
)
_UPDATE_FIELDS = (*(name for name in _CREATE_FIELDS if name != "parent_path"), "owner_user_name")


def _is_same_folder(old: Value, new: Value) -> bool:
    """Unset means what the workspace chose; `/Workspace` may be left out."""
    if not isinstance(old, str):
        return False
    return not new or old.removeprefix(_WORKSPACE) == str(new).removeprefix(_WORKSPACE)


def _is_not_blank(value: Value) -> str | None:
    return None if str(value).strip() else "must not be blank"


class Query(Resource):
    """A saved query."""

    type_name = "databricks_query"
    behaviour = Behaviour(
        force_new=frozenset({"parent_path"}),
        suppress={
            "owner_user_name": ignore_unset,
            "parameter.date_range_value.precision": ignore_unset,
            "parameter.date_value.precision": ignore_unset,
            "parent_path": _is_same_folder,
            "run_as_mode": ignore_unset,
        },
        checks={
            "display_name": _is_not_blank,
            "parameter.name": _is_not_blank,
            "run_as_mode": one_of("VIEWER", "OWNER"),
            "warehouse_id": _is_not_blank,
        },
        api_names={"parameter": "parameters"},
    )

    def create(self, session: Session, planned: State) -> str:
        query = session.body(planned, *_CREATE_FIELDS)
        return str(session.api.post(_QUERIES, {"auto_resolve_display_name": False, "query": query})["id"])

    def complete(self, session: Session, state: State) -> None:
        owner = session.body(state, "owner_user_name")
        if owner:
            session.api.patch(_path(state["id"]), {"query": owner, "update_mask": "owner_user_name"})

    def read(self, session: Session, state: State) -> Found | None:
        found: dict[str, Any] = session.found(session.api.get(_path(state["id"])))
        ours = state.get("parent_path")
        if isinstance(ours, str) and ours and not ours.startswith(_WORKSPACE):
            found["parent_path"] = str(found["parent_path"]).removeprefix(_WORKSPACE)
        return found

    def update(self, session: Session, prior: State, planned: State) -> str:
        changed = session.changed(prior, planned)
        mask = [*_ALWAYS_CHANGED, *(name for name in _CHANGED if name in changed)]
        body = {
            "auto_resolve_display_name": False,
            "query": session.body(planned, *_UPDATE_FIELDS),
            "update_mask": ",".join(mask),
        }
        session.api.patch(_path(prior["id"]), body)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(prior["id"]))


def _path(query_id: Value) -> str:
    return f"{_QUERIES}/{segment(str(query_id))}"
