"""Every kind of workspace object that holds permissions, and the levels of each.

Source: terraform-provider-databricks 1.99.0, permissions/permission_definitions.go
"""

from collections.abc import Mapping
from enum import StrEnum


class WorkspaceObject(StrEnum):
    """The objects that hold permissions; the values are arguments of databricks_permissions."""

    ALERT = "alert_v2_id"
    APP = "app_name"
    AUTHORIZATION = "authorization"
    CLUSTER = "cluster_id"
    CLUSTER_POLICY = "cluster_policy_id"
    DASHBOARD = "dashboard_id"
    DATABASE_INSTANCE = "database_instance_name"
    DIRECTORY = "directory_path"
    DIRECTORY_ID = "directory_id"
    EXPERIMENT = "experiment_id"
    INSTANCE_POOL = "instance_pool_id"
    JOB = "job_id"
    LEGACY_ALERT = "sql_alert_id"
    LEGACY_DASHBOARD = "sql_dashboard_id"
    NOTEBOOK = "notebook_path"
    NOTEBOOK_ID = "notebook_id"
    PIPELINE = "pipeline_id"
    QUERY = "sql_query_id"
    REPO = "repo_path"
    REPO_ID = "repo_id"
    SERVING_ENDPOINT = "serving_endpoint_id"
    SQL_WAREHOUSE = "sql_endpoint_id"
    VECTOR_SEARCH_ENDPOINT = "vector_search_endpoint_id"
    WORKSPACE_FILE = "workspace_file_path"
    WORKSPACE_FILE_ID = "workspace_file_id"
    WORKSPACE_MODEL = "registered_model_id"

    @property
    def label(self) -> str:
        """How claims and messages call it: an object by its path or its id is one kind."""
        return self.name.removesuffix("_ID").lower().replace("_", " ")


_USE = ("CAN_USE", "CAN_MANAGE")
_TREE = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_MODEL = ("CAN_READ", "CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE")

# From the weakest to the strongest. CAN_VIEW of old SQL objects is left out: the provider says to use CAN_READ.
LEVELS: Mapping[WorkspaceObject, tuple[str, ...]] = {
    WorkspaceObject.ALERT: _TREE,
    WorkspaceObject.APP: _USE,
    WorkspaceObject.AUTHORIZATION: _USE,
    WorkspaceObject.CLUSTER: ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
    WorkspaceObject.CLUSTER_POLICY: ("CAN_USE",),
    WorkspaceObject.DASHBOARD: _TREE,
    WorkspaceObject.DATABASE_INSTANCE: _USE,
    WorkspaceObject.DIRECTORY: _TREE,
    WorkspaceObject.DIRECTORY_ID: _TREE,
    WorkspaceObject.EXPERIMENT: ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    WorkspaceObject.INSTANCE_POOL: ("CAN_ATTACH_TO", "CAN_MANAGE"),
    WorkspaceObject.JOB: ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
    WorkspaceObject.LEGACY_ALERT: _TREE,
    WorkspaceObject.LEGACY_DASHBOARD: _TREE,
    WorkspaceObject.NOTEBOOK: _TREE,
    WorkspaceObject.NOTEBOOK_ID: _TREE,
    WorkspaceObject.PIPELINE: ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"),
    WorkspaceObject.QUERY: _TREE,
    WorkspaceObject.REPO: _TREE,
    WorkspaceObject.REPO_ID: _TREE,
    WorkspaceObject.SERVING_ENDPOINT: ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
    WorkspaceObject.SQL_WAREHOUSE: ("CAN_VIEW", "CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"),
    WorkspaceObject.VECTOR_SEARCH_ENDPOINT: _USE,
    WorkspaceObject.WORKSPACE_FILE: _TREE,
    WorkspaceObject.WORKSPACE_FILE_ID: _TREE,
    WorkspaceObject.WORKSPACE_MODEL: _MODEL,
}
