"""Names are of one form, and say whose they are: two environments of one workspace or metastore never meet."""

import re
from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

# In SQL, a name of another form must be quoted wherever it stands.
_IN_SQL = {
    "databricks_catalog": "name",
    "databricks_registered_model": "name",
    "databricks_schema": "name",
    "databricks_sql_table": "name",
    "databricks_volume": "name",
}
_SQL_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Objects of a whole workspace, metastore or account, that other environments may share.
_SHARED = {
    "databricks_alert_v2": "display_name",
    "databricks_cluster": "cluster_name",
    "databricks_cluster_policy": "name",
    "databricks_database_instance": "name",
    "databricks_external_location": "name",
    "databricks_instance_pool": "instance_pool_name",
    "databricks_job": "name",
    "databricks_model_serving": "name",
    "databricks_model_serving_provisioned_throughput": "name",
    "databricks_query": "display_name",
    "databricks_sql_endpoint": "name",
    "databricks_storage_credential": "name",
}


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """Catalog objects in lower case; shared objects begin with the environment's name or prefix."""
    if resource.kind in _IN_SQL:
        name = _known(resource, _IN_SQL[resource.kind])
        if name and not _SQL_NAME.fullmatch(name):
            yield f"is called {name!r}; use lower-case letters, digits and _, so that no query must quote it"
    elif resource.kind in _SHARED:
        name = _known(resource, _SHARED[resource.kind])
        beginnings = (environment.name, environment.prefix)
        if name and not name.startswith(tuple(f"{b}{separator}" for b in beginnings for separator in "-_")):
            whose = " or ".join(dict.fromkeys(beginnings))
            yield f"is called {name!r}; begin with {whose} and a dash, so that it meets no other environment's"


def _known(resource: Resource, argument: str) -> str:
    name = str(resource.arguments.get(argument) or "")
    return "" if "${" in name else name
