"""Which resources and data sources are emulated, each imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module

from brickyard_local.provider.resource import DataSource, Resource

_RESOURCES: Mapping[str, str] = {
    "databricks_access_control_rule_set": "iam.access_control_rule_set:AccessControlRuleSet",
    "databricks_alert_v2": "sql.alert_v2:AlertV2",
    "databricks_budget_policy": "billing.budget_policy:BudgetPolicy",
    "databricks_catalog": "catalog.catalog:Catalog",
    "databricks_cluster": "compute.cluster:Cluster",
    "databricks_cluster_policy": "compute.cluster_policy:ClusterPolicy",
    "databricks_dashboard": "sql.dashboard:Dashboard",
    "databricks_data_quality_monitor": "monitoring.data_quality_monitor:DataQualityMonitor",
    "databricks_database_instance": "databases.database_instance:DatabaseInstance",
    "databricks_directory": "workspace.directory:Directory",
    "databricks_entitlements": "iam.entitlements:Entitlements",
    "databricks_entity_tag_assignment": "catalog.entity_tag_assignment:EntityTagAssignment",
    "databricks_external_location": "catalog.external_location:ExternalLocation",
    "databricks_file": "files.file:File",
    "databricks_grant": "catalog.grant:Grant",
    "databricks_grants": "catalog.grants:Grants",
    "databricks_group": "iam.group:Group",
    "databricks_group_member": "iam.group_member:GroupMember",
    "databricks_instance_pool": "compute.instance_pool:InstancePool",
    "databricks_job": "jobs.job:Job",
    "databricks_library": "compute.library:Library",
    "databricks_mlflow_experiment": "ml.experiment:Experiment",
    "databricks_model_serving": "serving.model_serving:ModelServing",
    "databricks_model_serving_provisioned_throughput": (
        "serving.model_serving_provisioned_throughput:ModelServingProvisionedThroughput"
    ),
    "databricks_mws_permission_assignment": "iam.mws_permission_assignment:MwsPermissionAssignment",
    "databricks_notebook": "workspace.notebook:Notebook",
    "databricks_notification_destination": "monitoring.notification_destination:NotificationDestination",
    "databricks_permission_assignment": "iam.permission_assignment:PermissionAssignment",
    "databricks_permissions": "iam.permissions:Permissions",
    "databricks_quality_monitor": "monitoring.quality_monitor:QualityMonitor",
    "databricks_query": "sql.query:Query",
    "databricks_registered_model": "catalog.registered_model:RegisteredModel",
    "databricks_schema": "catalog.schema:Schema",
    "databricks_secret": "secrets.secret:Secret",
    "databricks_secret_acl": "secrets.secret_acl:SecretAcl",
    "databricks_secret_scope": "secrets.secret_scope:SecretScope",
    "databricks_service_principal": "iam.service_principal:ServicePrincipal",
    "databricks_service_principal_federation_policy": (
        "iam.service_principal_federation_policy:ServicePrincipalFederationPolicy"
    ),
    "databricks_service_principal_role": "iam.service_principal_role:ServicePrincipalRole",
    "databricks_sql_endpoint": "sql.sql_endpoint:SqlEndpoint",
    "databricks_sql_table": "sql.sql_table:SqlTable",
    "databricks_storage_credential": "catalog.storage_credential:StorageCredential",
    "databricks_user": "iam.user:User",
    "databricks_volume": "catalog.volume:Volume",
    "databricks_workspace_binding": "catalog.workspace_binding:WorkspaceBinding",
    "databricks_workspace_file": "workspace.workspace_file:WorkspaceFile",
}
_DATA_SOURCES: Mapping[str, str] = {
    "databricks_catalog": "securables:CatalogByName",
    "databricks_catalogs": "securables:Catalogs",
    "databricks_cluster_policy": "compute:ClusterPolicyByName",
    "databricks_current_config": "current_config:CurrentConfig",
    "databricks_current_metastore": "current_metastore:CurrentMetastore",
    "databricks_current_user": "current_user:CurrentUser",
    "databricks_external_location": "securables:ExternalLocationByName",
    "databricks_group": "group:GroupByName",
    "databricks_jobs": "jobs:Jobs",
    "databricks_node_type": "compute:NodeType",
    "databricks_registered_model": "registered_model:RegisteredModelByName",
    "databricks_registered_model_versions": "securables:RegisteredModelVersions",
    "databricks_schemas": "securables:Schemas",
    "databricks_service_principal": "service_principal:ServicePrincipalByName",
    "databricks_serving_endpoints": "serving_endpoints:ServingEndpoints",
    "databricks_spark_version": "compute:SparkVersion",
    "databricks_sql_warehouse": "warehouses:SqlWarehouse",
    "databricks_sql_warehouses": "warehouses:SqlWarehouses",
    "databricks_storage_credential": "securables:StorageCredentialByName",
    "databricks_tables": "securables:Tables",
}
# The other resources' versions are 0 here: nothing of theirs ever enters a state file.
_SCHEMA_VERSIONS: Mapping[str, int] = {
    "databricks_cluster": 4,
    "databricks_cluster_policy": 1,
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
