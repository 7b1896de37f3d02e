"""databricks_group_member."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import InvalidValue, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.iam.scim import SCIM, patch
from brickyard_local.provider.wire.values import Value


class GroupMember(Resource):
    """One user, service principal or group in a group."""

    type_name = "databricks_group_member"
    import_form = "<group id>|<member id>"
    behaviour = Behaviour(force_new=frozenset({"group_id", "member_id"}))

    def create(self, session: Session, planned: State) -> str:
        group_id, member_id = planned["group_id"], planned["member_id"]
        session.api.patch(_path(group_id), patch("add", "members", [{"value": member_id}]))
        return f"{group_id}|{member_id}"

    def read(self, session: Session, state: State) -> Found | None:
        group_id, _, member_id = str(state["id"]).partition("|")
        document = session.api.get(_path(group_id), {"attributes": "members"})
        members = {str(member["value"]) for member in document.get("members") or []}
        return {"group_id": group_id, "member_id": member_id} if member_id in members else None

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        raise InvalidValue("databricks_group_member cannot be updated", "Every argument replaces it.")

    def delete(self, session: Session, prior: State) -> None:
        body = patch("remove", f'members[value eq "{prior["member_id"]}"]')
        session.api.patch(_path(prior["group_id"]), body)

    def imported(self, import_id: str) -> dict[str, Value]:
        group_id, _, member_id = import_id.partition("|")
        if not group_id or not member_id:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}


def _path(group_id: Value) -> str:
    return f"{SCIM}/Groups/{segment(str(group_id))}"
