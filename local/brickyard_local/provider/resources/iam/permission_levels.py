"""Which objects carry permissions, by argument of databricks_permissions, and the levels each of them knows."""

from collections.abc import Mapping
from dataclasses import dataclass

_EDITABLE = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectKind:
    """One kind of object: `kind` is what the API answers, `collection` what it is asked."""

    kind: str
    collection: str
    levels: tuple[str, ...]
    managing: frozenset[str] = frozenset({"CAN_MANAGE", "IS_OWNER"})
    """Levels the caller may give himself."""
    adds_caller: bool = False
    """Whether the caller is added as manager, so that he does not lock himself out."""
    by_path: bool = False
    """Whether the argument is a path of the workspace tree, which stands for the object's id."""


def _tree(kind: str, collection: str, *, by_path: bool = False) -> ObjectKind:
    return ObjectKind(kind=kind, collection=collection, levels=_EDITABLE, by_path=by_path)


KINDS: Mapping[str, ObjectKind] = {
    "cluster_policy_id": ObjectKind(
        kind="cluster-policy",
        collection="cluster-policies",
        levels=("CAN_USE",),
        managing=frozenset({"CAN_USE"}),
    ),
    "cluster_id": ObjectKind(
        kind="cluster",
        collection="clusters",
        levels=("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
        adds_caller=True,
    ),
    "job_id": ObjectKind(
        kind="job",
        collection="jobs",
        levels=("CAN_VIEW", "CAN_MANAGE_RUN", "IS_OWNER", "CAN_MANAGE"),
    ),
    "notebook_id": _tree("notebook", "notebooks"),
    "notebook_path": _tree("notebook", "notebooks", by_path=True),
    "directory_id": _tree("directory", "directories"),
    "directory_path": _tree("directory", "directories", by_path=True),
    "workspace_file_id": _tree("file", "files"),
    "workspace_file_path": _tree("file", "files", by_path=True),
    "sql_endpoint_id": ObjectKind(
        kind="warehouses",
        collection="sql/warehouses",
        levels=("CAN_USE", "CAN_MANAGE", "CAN_MONITOR", "CAN_VIEW", "IS_OWNER"),
        adds_caller=True,
    ),
    "experiment_id": ObjectKind(
        kind="mlflowExperiment",
        collection="experiments",
        levels=("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    ),
    "serving_endpoint_id": ObjectKind(
        kind="serving-endpoint",
        collection="serving-endpoints",
        levels=("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
        adds_caller=True,
    ),
    "instance_pool_id": ObjectKind(
        kind="instance-pool",
        collection="instance-pools",
        levels=("CAN_ATTACH_TO", "CAN_MANAGE"),
        adds_caller=True,
    ),
    "database_instance_name": ObjectKind(
        kind="database-instances",
        collection="database-instances",
        levels=("CAN_CREATE", "CAN_USE", "CAN_MANAGE"),
        adds_caller=True,
    ),
    "alert_v2_id": ObjectKind(kind="alertv2", collection="alertsv2", levels=_EDITABLE, adds_caller=True),
    "dashboard_id": _tree("dashboard", "dashboards"),
}
ALL_ARGUMENTS = (
    *KINDS,
    "app_name",
    "authorization",
    "pipeline_id",
    "registered_model_id",
    "repo_id",
    "repo_path",
    "sql_alert_id",
    "sql_dashboard_id",
    "sql_query_id",
    "vector_search_endpoint_id",
)
"""Every argument of the binding, those not emulated included."""
