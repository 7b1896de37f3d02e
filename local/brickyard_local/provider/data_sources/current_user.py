"""databricks_current_user."""

import re

from brickyard_local.provider.client import Api
from brickyard_local.provider.resource import DataSource, Found, State

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CurrentUser(DataSource):
    """Who the token belongs to: a user, or a service principal by its application id."""

    type_name = "databricks_current_user"

    def read(self, api: Api, _config: State) -> Found:
        me = api.get("/api/2.0/preview/scim/v2/Me")
        name = str(me["userName"])
        kind = "servicePrincipals" if _UUID.fullmatch(name) else "users"
        return {
            "acl_principal_id": f"{kind}/{name}",
            "alphanumeric": re.sub(r"\W", "_", name.partition("@")[0]).lower(),
            "external_id": me.get("externalId"),
            "home": f"/Users/{name}",
            "id": str(me["id"]),
            "repos": f"/Repos/{name}",
            "user_name": name,
            "workspace_url": api.host,
        }
