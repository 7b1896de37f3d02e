"""What grants and permissions stand in a workspace now, read with databricks-sdk for `brickyard review --live`.

Only reads, as whoever is signed in; what cannot be read is unread, not empty.
Source: docs.databricks.com/api/workspace/grants/get, docs.databricks.com/api/workspace/permissions/get
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from brickyard_review.errors import ReviewError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_SECURABLES = {
    "catalog": "catalog",
    "schema": "schema",
    "table": "table",
    "volume": "volume",
    "function": "function",
    "model": "function",  # Unity Catalog keeps registered models as functions
    "external_location": "external_location",
    "storage_credential": "storage_credential",
    "credential": "credential",
    "foreign_connection": "connection",
    "metastore": "metastore",
    "share": "share",
    "recipient": "recipient",
}
_OBJECTS = {
    "job_id": "jobs",
    "cluster_id": "clusters",
    "cluster_policy_id": "cluster-policies",
    "instance_pool_id": "instance-pools",
    "pipeline_id": "pipelines",
    "sql_endpoint_id": "sql/warehouses",
    "serving_endpoint_id": "serving-endpoints",
    "experiment_id": "experiments",
    "registered_model_id": "registered-models",
    "directory_id": "directories",
    "notebook_id": "notebooks",
    "repo_id": "repos",
    "app_name": "apps",
    "database_instance_name": "database-instances",
}
_PRINCIPALS = ("group_name", "user_name", "service_principal_name")
_KEPT = ("admins", "CAN_MANAGE")  # the platform gives it back to administrators
_MAX_PAGES = 200


class NotSignedIn(ReviewError):
    """Raised when the live state is asked for without a workspace to read."""


class WorkspaceAccess:
    """Reads access through one client; implements the review's `LiveAccess`."""

    def __init__(self, client: "WorkspaceClient") -> None:
        self._client = client

    @classmethod
    def signed_in(cls) -> "WorkspaceAccess":
        """As the environment's sign-in says. Errors: NotSignedIn."""
        from databricks.sdk import WorkspaceClient

        try:
            return cls(WorkspaceClient())
        except ValueError as error:
            raise NotSignedIn(
                "--live reads a workspace, and nobody is signed in: set DATABRICKS_HOST and a sign-in."
            ) from error

    def held(self, key: str, name: str) -> Mapping[str, frozenset[str]] | None:
        """Privileges by principal, those inherited left out; None where they cannot be read."""
        from databricks.sdk.errors.base import DatabricksError

        try:
            if key in _SECURABLES:
                return self._grants(_SECURABLES[key], name)
            return self._permissions(_OBJECTS[key], name) if key in _OBJECTS else None
        except (DatabricksError, OSError, TimeoutError):
            return None

    def _grants(self, securable: str, name: str) -> dict[str, frozenset[str]]:
        held: dict[str, frozenset[str]] = {}
        query: dict[str, Any] = {"max_results": 0}
        for _ in range(_MAX_PAGES):
            page = self._get(f"/api/2.1/unity-catalog/permissions/{securable}/{quote(name, safe='')}", query)
            for assignment in page.get("privilege_assignments", []):
                principal = str(assignment.get("principal"))
                held[principal] = held.get(principal, frozenset()) | frozenset(assignment.get("privileges", []))
            if not page.get("next_page_token"):
                break
            query = {**query, "page_token": page["next_page_token"]}
        return held

    def _permissions(self, kind: str, name: str) -> dict[str, frozenset[str]]:
        held: dict[str, frozenset[str]] = {}
        answer = self._get(f"/api/2.0/permissions/{kind}/{quote(name, safe='')}", {})
        for control in answer.get("access_control_list", []):
            principal = next((str(control[key]) for key in _PRINCIPALS if control.get(key)), "")
            given = [
                str(one.get("permission_level"))
                for one in control.get("all_permissions", [])
                if not one.get("inherited")
            ]
            levels = frozenset(level for level in given if (principal, level) != _KEPT)
            if principal and levels:
                held[principal] = levels
        return held

    def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.api_client.do("GET", path, query=query)
        return answer if isinstance(answer, dict) else {}
