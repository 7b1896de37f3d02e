"""databricks_service_principal, by application id, SCIM id or name."""

from brickyard_local.provider.client import Api
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import DataSource, Found, State
from brickyard_local.provider.resources.iam.scim import SCIM

_FILTERS = {"application_id": "applicationId", "scim_id": "id", "display_name": "displayName"}


class ServicePrincipalByName(DataSource):
    """The one service principal which answers to the argument given."""

    type_name = "databricks_service_principal"

    def read(self, api: Api, config: State) -> Found:
        argument, value = _asked(config)
        query = {"filter": f'{_FILTERS[argument]} eq "{value}"', "excludedAttributes": "roles"}
        found = api.get(f"{SCIM}/ServicePrincipals", query).get("Resources") or []
        if len(found) != 1:
            raise InvalidValue(
                f"{len(found)} service principals have {argument} {value}", "Exactly one has to be found."
            )
        principal = found[0]
        application_id = principal["applicationId"]
        return {
            "acl_principal_id": f"servicePrincipals/{application_id}",
            "active": principal.get("active", False),
            "application_id": application_id,
            "display_name": principal.get("displayName"),
            "external_id": principal.get("externalId"),
            "home": f"/Users/{application_id}",
            "id": str(principal["id"]),
            "repos": f"/Repos/{application_id}",
            "scim_id": str(principal["id"]),
            "sp_id": str(principal["id"]),
        }


def _asked(config: State) -> tuple[str, str]:
    given = [(argument, str(config[argument])) for argument in _FILTERS if config.get(argument)]
    if len(given) != 1:
        raise InvalidValue("One argument is needed", f"Set exactly one of {', '.join(_FILTERS)}.")
    return given[0]
