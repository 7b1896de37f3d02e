"""databricks_group."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_unset, none_of
from brickyard_local.provider.errors import ApiError
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.iam.scim import (
    ENTITLEMENT_DEFAULTS,
    ENTITLEMENTS,
    SCIM,
    compact,
    entitlements,
    granted,
    schemas,
)

_GROUPS = f"{SCIM}/Groups"


class Group(Resource):
    """A group. Members added elsewhere stay when it changes."""

    type_name = "databricks_group"
    behaviour = Behaviour(
        force_new=frozenset({"external_id"}),
        defaults=ENTITLEMENT_DEFAULTS,
        suppress={"external_id": ignore_unset},
        checks={"display_name": none_of("users", "admins")},
        one_of=(
            OneOf(names=("workspace_consume", "workspace_access")),
            OneOf(names=("workspace_consume", "databricks_sql_access")),
        ),
        local=frozenset({"id", "force"}),
        reported=frozenset(ENTITLEMENTS),
    )

    def create(self, session: Session, planned: State) -> str:
        try:
            return str(session.api.post(_GROUPS, compact(_body(planned)))["id"])
        except ApiError as error:
            name = str(planned["display_name"])
            if not planned.get("force") or error.summary != f"Group with name {name} already exists.":
                raise
        return self._adopt(session, planned, name)

    def read(self, session: Session, state: State) -> Found | None:
        group_id = str(state["id"])
        attributes = {"attributes": "displayName,externalId,entitlements"}
        document = session.api.get(f"{_GROUPS}/{segment(group_id)}", attributes)
        return {
            "acl_principal_id": f"groups/{document['displayName']}",
            "display_name": document["displayName"],
            "external_id": document.get("externalId"),
            "url": session.url("#setting/accounts/groups/", group_id),
            **granted(document),
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        self._replace(session, str(prior["id"]), planned)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(f"{_GROUPS}/{segment(str(prior['id']))}")

    def _adopt(self, session: Session, planned: State, name: str) -> str:
        found = session.api.get(_GROUPS, {"filter": f'displayName eq "{name}"'})
        group_id = str(found["Resources"][0]["id"])
        self._replace(session, group_id, planned)
        return group_id

    def _replace(self, session: Session, group_id: str, planned: State) -> None:
        path = f"{_GROUPS}/{segment(group_id)}"
        attributes = {"attributes": "displayName,entitlements,groups,members,externalId"}
        kept = session.api.get(path, attributes)
        body = {**_body(planned), **{key: kept.get(key) for key in ("groups", "roles", "members")}}
        session.api.put(path, compact(body))


def _body(planned: State) -> dict[str, object]:
    return {
        "displayName": planned["display_name"],
        "entitlements": entitlements(planned),
        "externalId": planned.get("external_id"),
        "schemas": schemas("Group"),
    }
