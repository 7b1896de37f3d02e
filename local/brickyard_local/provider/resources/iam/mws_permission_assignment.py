"""databricks_mws_permission_assignment: who of the account may enter one of its workspaces."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import NotAnAccount
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.pair import Pair


class MwsPermissionAssignment(Pair):
    """One principal's permissions on one workspace, by a provider of the account."""

    type_name = "databricks_mws_permission_assignment"
    names = ("workspace_id", "principal_id")
    behaviour = Behaviour(force_new=frozenset({"permissions", "principal_id", "workspace_id"}))

    def tie(self, session: Session, planned: State, left: str, right: str) -> None:
        session.api.put(f"{_path(session, left)}/principals/{segment(right)}", {"permissions": planned["permissions"]})

    def look(self, session: Session, left: str, right: str) -> Found | None:
        for assignment in session.api.get(_path(session, left)).get("permission_assignments") or []:
            if str(assignment["principal"]["principal_id"]) == right:
                return {"permissions": assignment["permissions"]}
        return None

    def cut(self, session: Session, left: str, right: str) -> None:
        session.api.delete(f"{_path(session, left)}/principals/{segment(right)}")


def _path(session: Session, workspace_id: str) -> str:
    if not session.api.account_id:
        raise NotAnAccount(MwsPermissionAssignment.type_name)
    return f"/api/2.0/accounts/{session.api.account_id}/workspaces/{segment(workspace_id)}/permissionassignments"
