"""databricks_user."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_case, ignore_unset
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.iam.principal import PRINCIPAL_LOCAL, Principal
from brickyard_local.provider.resources.iam.scim import ENTITLEMENT_DEFAULTS, ENTITLEMENTS, granted
from brickyard_local.provider.wire.values import Value


class User(Principal):
    """A user, known by name whatever its case."""

    type_name = "databricks_user"
    collection = "User"
    known_by = ("user_name", "userName")
    behaviour = Behaviour(
        force_new=frozenset({"user_name"}),
        defaults={**ENTITLEMENT_DEFAULTS, "active": True},
        suppress={"external_id": ignore_unset, "user_name": ignore_case},
        one_of=(
            OneOf(names=("workspace_consume", "workspace_access")),
            OneOf(names=("workspace_consume", "databricks_sql_access")),
        ),
        local=PRINCIPAL_LOCAL,
        reported=frozenset(ENTITLEMENTS),
    )

    def read(self, session: Session, state: State) -> Found | None:
        attributes = {"attributes": "userName,displayName,active,externalId,entitlements"}
        document = session.api.get(self.path(state["id"]), attributes)
        name = document["userName"]
        return {
            "acl_principal_id": f"users/{name}",
            "active": document.get("active", False),
            "display_name": document.get("displayName"),
            "external_id": document.get("externalId"),
            "home": f"/Users/{name}",
            "repos": f"/Repos/{name}",
            "user_name": name,
            **granted(document),
        }

    def body(self, planned: State, *, is_new: bool) -> dict[str, Value]:
        del is_new
        return {**self.common(planned), "userName": planned["user_name"]}
