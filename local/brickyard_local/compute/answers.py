"""Clusters as the API answers them: what was configured, and states; no defaults that a plan would see as changes.

Source: docs.databricks.com/api/workspace/clusters/get
"""

from collections.abc import Sequence

from brickyard_local.compute.payloads import ListClusters
from brickyard_local.store import Document

_ORDER = ("RUNNING", "PENDING", "RESTARTING", "RESIZING", "TERMINATING", "TERMINATED")
_TIMES = ("start_time", "terminated_time", "last_restarted_time", "last_activity_time", "termination_reason")
_MESSAGES = {
    "PENDING": "Looking at the cluster's libraries",
    "RESTARTING": "Stopping tasks, looking at the cluster's libraries",
    "RUNNING": "Tasks can attach; they run as processes of this machine",
    "TERMINATING": "Stopping tasks",
}


def details(cluster: Document) -> Document:
    """One cluster."""
    spec = cluster["spec"]
    answer = {
        **spec,
        "cluster_id": cluster["cluster_id"],
        "cluster_name": spec.get("cluster_name") or "",
        "driver_node_type_id": spec.get("driver_node_type_id") or spec["node_type_id"],
        "autotermination_minutes": spec.get("autotermination_minutes") or 0,
        "enable_elastic_disk": spec.get("enable_elastic_disk") or False,
        "creator_user_name": cluster["creator"],
        "cluster_source": "API",
        "default_tags": {
            "Vendor": "Databricks",
            "Creator": cluster["creator"],
            "ClusterName": spec.get("cluster_name") or "",
            "ClusterId": cluster["cluster_id"],
        },
        "state": cluster["state"],
        "state_message": _message(cluster),
        "spec": cluster["requested"],
    }
    return answer | {name: cluster[name] for name in _TIMES if cluster.get(name) is not None}


def chosen(clusters: Sequence[Document], asked: ListClusters) -> list[Document]:
    """The clusters that a list asks for, in its order."""
    found = [
        cluster
        for cluster in clusters
        if (asked.is_pinned is None or cluster["pinned"] is asked.is_pinned)
        and (not asked.policy_id or cluster["spec"].get("policy_id") == asked.policy_id)
        and (not asked.states or cluster["state"] in asked.states)
        and (not asked.sources or "API" in asked.sources)
    ]
    by_name = asked.field == "CLUSTER_NAME"
    return sorted(
        found, key=lambda c: _name(c) if by_name else (*_rank(c), *_name(c)), reverse=asked.direction == "DESC"
    )


def _rank(cluster: Document) -> tuple[int, bool]:
    return _ORDER.index(cluster["state"]), not cluster["pinned"]


def _name(cluster: Document) -> tuple[str, str]:
    return cluster["spec"].get("cluster_name") or "", cluster["cluster_id"]


def _message(cluster: Document) -> str:
    reason = cluster.get("termination_reason") or {}
    if cluster["state"] != "TERMINATED":
        return _MESSAGES.get(cluster["state"], "")
    if reason.get("code") == "INACTIVITY":
        return f"Inactive for {reason['parameters']['inactivity_duration_min']} minutes"
    return f"Terminated by {(reason.get('parameters') or {}).get('username', 'the workspace')}"
