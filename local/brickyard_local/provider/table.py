"""Which resources and data sources are emulated, each imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module

from brickyard_local.provider.resource import DataSource, Resource

_RESOURCES: Mapping[str, str] = {
    "databricks_catalog": "catalog.catalog:Catalog",
    "databricks_directory": "workspace.directory:Directory",
    "databricks_entitlements": "iam.entitlements:Entitlements",
    "databricks_file": "files.file:File",
    "databricks_grant": "catalog.grant:Grant",
    "databricks_grants": "catalog.grants:Grants",
    "databricks_group": "iam.group:Group",
    "databricks_group_member": "iam.group_member:GroupMember",
    "databricks_job": "jobs.job:Job",
    "databricks_mlflow_experiment": "ml.experiment:Experiment",
    "databricks_model_serving": "serving.model_serving:ModelServing",
    "databricks_notebook": "workspace.notebook:Notebook",
    "databricks_permission_assignment": "iam.permission_assignment:PermissionAssignment",
    "databricks_permissions": "iam.permissions:Permissions",
    "databricks_registered_model": "catalog.registered_model:RegisteredModel",
    "databricks_schema": "catalog.schema:Schema",
    "databricks_secret": "secrets.secret:Secret",
    "databricks_secret_acl": "secrets.secret_acl:SecretAcl",
    "databricks_secret_scope": "secrets.secret_scope:SecretScope",
    "databricks_service_principal": "iam.service_principal:ServicePrincipal",
    "databricks_service_principal_role": "iam.service_principal_role:ServicePrincipalRole",
    "databricks_user": "iam.user:User",
    "databricks_volume": "catalog.volume:Volume",
    "databricks_workspace_binding": "catalog.workspace_binding:WorkspaceBinding",
    "databricks_workspace_file": "workspace.workspace_file:WorkspaceFile",
}
_DATA_SOURCES: Mapping[str, str] = {
    "databricks_current_metastore": "current_metastore:CurrentMetastore",
    "databricks_current_user": "current_user:CurrentUser",
    "databricks_group": "group:GroupByName",
    "databricks_registered_model": "registered_model:RegisteredModelByName",
    "databricks_service_principal": "service_principal:ServicePrincipalByName",
    "databricks_serving_endpoints": "serving_endpoints:ServingEndpoints",
}
# The other resources' versions are 0 here: nothing of theirs ever enters a state file.
_SCHEMA_VERSIONS: Mapping[str, int] = {
    "databricks_job": 2,
    "databricks_notebook": 1,
    "databricks_secret_scope": 2,
    "databricks_workspace_binding": 1,
    "databricks_workspace_file": 1,
}
_PACKAGE = "brickyard_local.provider"


def resource(type_name: str) -> Resource | None:
    """The resource, or None when it is not emulated."""
    place = _RESOURCES.get(type_name)
    if place is None:
        return None
    module, _, name = place.partition(":")
    found: Resource = getattr(import_module(f"{_PACKAGE}.resources.{module}"), name)()
    return found


def data_source(type_name: str) -> DataSource | None:
    """The data source, or None when it is not emulated."""
    place = _DATA_SOURCES.get(type_name)
    if place is None:
        return None
    module, _, name = place.partition(":")
    found: DataSource = getattr(import_module(f"{_PACKAGE}.data_sources.{module}"), name)()
    return found


def resource_types() -> tuple[str, ...]:
    """The emulated resources."""
    return tuple(_RESOURCES)


def data_source_types() -> tuple[str, ...]:
    """The emulated data sources."""
    return tuple(_DATA_SOURCES)


def schema_versions() -> Mapping[str, int]:
    """Schema versions by type, known without importing any resource."""
    return _SCHEMA_VERSIONS
