"""databricks_service_principal."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_unset
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.iam.principal import PRINCIPAL_LOCAL, Principal
from brickyard_local.provider.resources.iam.scim import ENTITLEMENT_DEFAULTS, ENTITLEMENTS, granted
from brickyard_local.provider.wire.values import UNKNOWN, Value


class ServicePrincipal(Principal):
    """A service principal; Databricks gives it its application id."""

    type_name = "databricks_service_principal"
    collection = "ServicePrincipal"
    known_by = ("application_id", "applicationId")
    behaviour = Behaviour(
        force_new=frozenset({"application_id"}),
        defaults={**ENTITLEMENT_DEFAULTS, "active": True},
        suppress={"external_id": ignore_unset},
        one_of=(
            OneOf(names=("application_id", "display_name"), at_least=1, at_most=2),
            OneOf(names=("workspace_consume", "workspace_access")),
            OneOf(names=("workspace_consume", "databricks_sql_access")),
        ),
        local=PRINCIPAL_LOCAL,
        reported=frozenset(ENTITLEMENTS),
    )

    def read(self, session: Session, state: State) -> Found | None:
        attributes = {"attributes": "userName,displayName,active,externalId,entitlements"}
        document = session.api.get(self.path(state["id"]), attributes)
        application_id = document.get("applicationId", "")
        return {
            "acl_principal_id": f"servicePrincipals/{application_id}",
            "active": document.get("active", False),
            "application_id": application_id,
            "display_name": document.get("displayName"),
            "external_id": document.get("externalId"),
            "home": f"/Users/{application_id}",
            "repos": f"/Repos/{application_id}",
            **granted(document),
        }

    def body(self, planned: State, *, is_new: bool) -> dict[str, Value]:
        application_id = planned.get("application_id")
        given = None if application_id is UNKNOWN or not is_new else application_id
        return {**self.common(planned), "applicationId": given}
