"""databricks_permissions: the whole access control list of one object."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.errors import ApiError, InvalidValue, NotEmulated, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.iam.permission_levels import ALL_ARGUMENTS, KINDS, ObjectKind
from brickyard_local.provider.resources.iam.scim import SCIM
from brickyard_local.provider.wire.values import UNKNOWN, Value

_PRINCIPALS = ("user_name", "group_name", "service_principal_name")
Entry = dict[str, str]


class Permissions(Resource):
    """The whole list: who is not named loses what he has, but for the caller and the admins."""

    type_name = "databricks_permissions"
    import_form = "/<collection>/<object id>"
    behaviour = Behaviour(
        force_new=frozenset(ALL_ARGUMENTS),
        one_of=(OneOf(names=ALL_ARGUMENTS, at_least=1),),
    )

    def create(self, session: Session, planned: State) -> str:
        argument, kind = _kind(planned)
        object_id = str(planned[argument])
        if kind.by_path:
            status = session.api.get("/api/2.0/workspace/get-status", {"path": object_id})
            object_id = str(status["object_id"])
        _put_planned(session, kind, object_id, planned)
        return f"/{kind.collection}/{object_id}"

    def read(self, session: Session, state: State) -> Found | None:
        argument, kind, object_id = _parse(str(state["id"]))
        document = session.api.get(_path(kind, object_id))
        if document.get("object_type") != kind.kind:
            raise InvalidValue(f"Expected permissions of a {kind.kind}, got {document.get('object_type')}")
        entries = _direct(document, _hidden_caller(session, state))
        if not entries:
            return None
        found: Found = {"access_control": entries, "object_type": kind.kind}
        # The workspace knows the object by its id: a path stays as it was written.
        path = next((name for name, known in KINDS.items() if known.by_path and state.get(name)), None)
        return {**found, path: state[path]} if path else {**found, argument: object_id}

    def update(self, session: Session, prior: State, planned: State) -> str:
        _, kind, object_id = _parse(str(prior["id"]))
        _put_planned(session, kind, object_id, planned)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        """Who made the object owns it again; the admins keep what is theirs."""
        _, kind, object_id = _parse(str(prior["id"]))
        document = session.api.get(_path(kind, object_id))
        entries = [entry for entry in _entries(document) if entry.get("group_name") == "admins"]
        if kind.adds_caller:
            entries = _with_caller(entries, _caller(session))
        creator = _creator(session, kind, object_id)
        _put(session, kind, object_id, _with_owner(kind, entries, creator))

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        _, kind = _kind(planned)
        for entry in _planned_entries(planned):
            level = entry.get("permission_level", UNKNOWN)
            if level is not UNKNOWN and level not in kind.levels:
                allowed = ", ".join(sorted(kind.levels))
                raise InvalidValue(f"A {kind.kind} has no permission level {level}", f"It has {allowed}.")
        return planned

    def imported(self, import_id: str) -> dict[str, Value]:
        if not import_id.startswith("/") or import_id.count("/") < 2:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}


def _kind(state: State) -> tuple[str, ObjectKind]:
    for argument in ALL_ARGUMENTS:
        if state.get(argument):
            if argument not in KINDS:
                raise NotEmulated("argument", f"databricks_permissions.{argument}")
            return argument, KINDS[argument]
    raise InvalidValue("No object is named", f"Set one of {', '.join(sorted(KINDS))}.")


def _parse(resource_id: str) -> tuple[str, ObjectKind, str]:
    collection, _, object_id = resource_id.removeprefix("/").rpartition("/")
    for argument, kind in KINDS.items():
        if kind.collection == collection and not kind.by_path:
            return argument, kind, object_id
    raise NotEmulated("permissions of", collection)


def _path(kind: ObjectKind, object_id: str) -> str:
    return f"/api/2.0/permissions/{kind.collection}/{segment(object_id)}"


def _caller(session: Session) -> str:
    return str(session.api.get(f"{SCIM}/Me", {"excludedAttributes": "entitlements"})["userName"])


def _planned_entries(planned: State) -> list[Entry]:
    """A list which is not known yet has no entries to look at."""
    items = planned.get("access_control")
    if not isinstance(items, list):
        return []
    return [{key: value for key, value in item.items() if value} for item in items if isinstance(item, dict)]


def _put_planned(session: Session, kind: ObjectKind, object_id: str, planned: State) -> None:
    entries, caller = _planned_entries(planned), _caller(session)
    _check(kind, entries, caller)
    if kind.adds_caller:
        entries = _with_caller(entries, caller)
    _put(session, kind, object_id, _with_owner(kind, entries, caller))


def _check(kind: ObjectKind, entries: list[Entry], caller: str) -> None:
    for entry in entries:
        if entry.get("group_name") == "admins":
            raise InvalidValue(f"The admins' permissions on a {kind.kind} cannot be changed", "Remove the block.")
        is_caller = caller in (entry.get("user_name"), entry.get("service_principal_name"))
        if is_caller and entry["permission_level"] not in kind.managing:
            allowed = ", ".join(level for level in kind.levels if level in kind.managing)
            raise InvalidValue(f"{caller} would no longer manage the {kind.kind}", f"Give him one of {allowed}.")


def _with_caller(entries: list[Entry], caller: str) -> list[Entry]:
    if any(caller in (entry.get("user_name"), entry.get("service_principal_name")) for entry in entries):
        return entries
    return [*entries, {"user_name": caller, "permission_level": "CAN_MANAGE"}]


def _with_owner(kind: ObjectKind, entries: list[Entry], owner: str) -> list[Entry]:
    if "IS_OWNER" not in kind.levels or any(entry["permission_level"] == "IS_OWNER" for entry in entries):
        return entries
    named = {"user_name": owner} if owner else {}
    return [*entries, {**named, "permission_level": "IS_OWNER"}]


def _put(session: Session, kind: ObjectKind, object_id: str, entries: list[Entry]) -> None:
    try:
        session.api.put(_path(kind, object_id), {"access_control_list": entries})
    except ApiError as error:
        if "with no existing owner must provide a new owner" not in error.summary:
            raise
        without_owner = [entry for entry in entries if entry["permission_level"] != "IS_OWNER"]
        session.api.put(_path(kind, object_id), {"access_control_list": without_owner})


def _creator(session: Session, kind: ObjectKind, object_id: str) -> str:
    if kind.kind == "job":
        return str(session.api.get("/api/2.2/jobs/get", {"job_id": object_id}).get("creator_user_name", ""))
    if kind.kind == "warehouses":
        return str(session.api.get(f"/api/2.0/sql/warehouses/{segment(object_id)}").get("creator_name", ""))
    return ""


def _entries(document: Mapping[str, Any]) -> list[Entry]:
    """Every level which was given to the object itself."""
    return [
        {**{name: item[name] for name in _PRINCIPALS if item.get(name)}, "permission_level": given["permission_level"]}
        for item in document.get("access_control_list") or []
        for given in item.get("all_permissions") or []
        if not given.get("inherited")
    ]


def _direct(document: Mapping[str, Any], hidden: str) -> list[Entry]:
    return [
        entry
        for entry in _entries(document)
        if entry.get("group_name") != "admins"
        and not (hidden and hidden in (entry.get("user_name"), entry.get("service_principal_name")))
    ]


def _hidden_caller(session: Session, state: State) -> str:
    """The caller, unless the configuration names him: what was added for him is no drift."""
    caller = _caller(session)
    named = any(
        caller in (entry.get("user_name"), entry.get("service_principal_name")) for entry in _planned_entries(state)
    )
    return "" if named else caller
