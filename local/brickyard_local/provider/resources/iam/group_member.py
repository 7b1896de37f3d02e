"""databricks_group_member."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.iam.scim import SCIM, patch
from brickyard_local.provider.resources.pair import Pair


class GroupMember(Pair):
    """One user, service principal or group in a group."""

    type_name = "databricks_group_member"
    names = ("group_id", "member_id")
    behaviour = Behaviour(force_new=frozenset({"group_id", "member_id"}))

    def tie(self, session: Session, _planned: State, left: str, right: str) -> None:
        session.api.patch(_path(left), patch("add", "members", [{"value": right}]))

    def look(self, session: Session, left: str, right: str) -> Found | None:
        document = session.api.get(_path(left), {"attributes": "members"})
        members = {str(member["value"]) for member in document.get("members") or []}
        return {} if right in members else None

    def cut(self, session: Session, left: str, right: str) -> None:
        session.api.patch(_path(left), patch("remove", f'members[value eq "{right}"]'))


def _path(group_id: str) -> str:
    return f"{SCIM}/Groups/{segment(group_id)}"
