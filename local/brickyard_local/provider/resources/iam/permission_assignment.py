"""databricks_permission_assignment: who of the account may enter this workspace."""

from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.errors import InvalidValue, NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import UNKNOWN, Value

_ASSIGNMENTS = "/api/2.0/preview/permissionassignments"
_NAMES = ("service_principal_name", "user_name", "group_name")
_PRINCIPALS = ("principal_id", *_NAMES)


class PermissionAssignment(Resource):
    """One principal's permissions on the workspace."""

    type_name = "databricks_permission_assignment"
    import_form = "<principal id>"
    behaviour = Behaviour(
        force_new=frozenset(_PRINCIPALS),
        one_of=(OneOf(names=_PRINCIPALS, at_least=1),),
        local=frozenset({"id", "provider_config"}),
    )

    def create(self, session: Session, planned: State) -> str:
        """Errors: InvalidValue when the workspace refuses the assignment.

        By name nobody becomes an administrator at once: first a user, then an administrator.
        """
        if _is_given(planned.get("principal_id")):
            return self._put(session, planned["principal_id"], planned["permissions"])
        is_admin = "ADMIN" in planned["permissions"]
        principal_id = self._by_name(session, planned, ["USER"] if is_admin else planned["permissions"])
        return self._put(session, principal_id, planned["permissions"]) if is_admin else principal_id

    def read(self, session: Session, state: State) -> Found | None:
        assignments = session.api.get(_ASSIGNMENTS).get("permission_assignments") or []
        for assignment in assignments:
            if str(assignment["principal"]["principal_id"]) == state["id"]:
                return {**assignment["principal"], "permissions": assignment["permissions"]}
        return None

    def update(self, session: Session, prior: State, planned: State) -> str:
        return self._put(session, prior["id"], planned["permissions"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(f"{_ASSIGNMENTS}/principals/{segment(str(prior['id']))}")

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        if planned.get("provider_config"):
            raise NotEmulated("argument", f"{self.type_name}.provider_config")
        return planned

    def _put(self, session: Session, principal_id: Value, permissions: Value) -> str:
        path = f"{_ASSIGNMENTS}/principals/{segment(str(principal_id))}"
        _refuse_error(session.api.put(path, {"permissions": permissions}))
        return str(principal_id)

    def _by_name(self, session: Session, planned: State, permissions: Value) -> str:
        names = {name: planned[name] for name in _NAMES if _is_given(planned.get(name))}
        body = {"permission_assignments": [{**names, "permissions": permissions}]}
        answer = session.api.post(_ASSIGNMENTS, body)["permission_assignments"][0]
        _refuse_error(answer)
        return str(answer["principal"]["principal_id"])


def _is_given(value: Value) -> bool:
    return value is not UNKNOWN and bool(value)


def _refuse_error(answer: dict[str, Any]) -> None:
    if answer.get("error"):
        raise InvalidValue("The workspace refused the assignment", str(answer["error"]))
