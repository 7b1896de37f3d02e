"""What all warehouses of a workspace share. Source: docs.databricks.com/api/workspace/warehouses (config).

Gaps: data access properties, instance profiles and service accounts lead to cloud storage: 501.
parameters too.
"""

from brickyard_local.callers import Caller
from brickyard_local.errors import NotEmulated, PermissionDenied
from brickyard_local.sql.warehouses.payloads import WorkspaceConfig
from brickyard_local.store import Document, Store

_KIND = "sql_config"
_KEY = "warehouses"
_ABROAD = ("data_access_config", "instance_profile_arn", "google_service_account")
_DEFAULT: Document = {"security_policy": "DATA_ACCESS_CONTROL", "enable_serverless_compute": False}


class Configuration:
    """The warehouse configuration of every workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, caller: Caller) -> Document:
        """What was set, or the default."""
        return self._store.get(_KIND, _KEY, scope=caller.workspace.workspace_id) or dict(_DEFAULT)

    def put(self, caller: Caller, body: WorkspaceConfig) -> None:
        """Errors: PermissionDenied for who is no administrator, NotEmulated."""
        if not caller.is_admin:
            raise PermissionDenied(f"'{caller.principal}' is no administrator: only they set the SQL configuration.")
        given = body.given()
        for field in _ABROAD:
            if given.get(field):
                raise NotEmulated(f"`{field}` of the SQL configuration (it leads to storage outside of this machine)")
        parameters = given.get("sql_configuration_parameters") or given.get("config_param") or given.get("global_param")
        if parameters and any(parameters.values()):
            raise NotEmulated("SQL configuration parameters of a workspace; use SET in the statement's session")
        if body.security_policy == "PASSTHROUGH":
            raise NotEmulated("the security policy PASSTHROUGH; access is checked by Unity Catalog")
        self._store.put(_KIND, _KEY, {**_DEFAULT, **given}, scope=caller.workspace.workspace_id)
