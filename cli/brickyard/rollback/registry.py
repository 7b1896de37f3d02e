"""The registry calls of a rollback, with databricks-sdk's sign-in.

Source: mlflow's `databricks_uc_registry_service.proto` (paths and fields)
"""

from collections.abc import Mapping
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.platform import NotFound

_ROOT = "/api/2.0/mlflow/unity-catalog"


class RestRegistry:
    """Registered models and versions of Unity Catalog, over REST."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._client = client

    def aliases(self, model: str) -> Mapping[str, str]:
        """Versions by alias."""
        return {each["alias"]: str(each["version"]) for each in self._model(model).get("aliases") or []}

    def model_tags(self, model: str) -> Mapping[str, str]:
        """Tags of the registered model."""
        return _tags(self._model(model))

    def version_tags(self, model: str, version: str) -> Mapping[str, str] | None:
        """Tags of one version; None when there is none."""
        try:
            answer = self._do("GET", "model-versions/get", name=model, version=version)
        except NotFound:
            return None
        return _tags(answer["model_version"])

    def tag_model(self, model: str, key: str, value: str | None) -> None:
        """Set a tag, or take it off."""
        self._tag("registered-models", key, value, name=model)

    def tag_version(self, model: str, version: str, key: str, value: str | None) -> None:
        """Set a tag, or take it off."""
        self._tag("model-versions", key, value, name=model, version=version)

    def alias(self, model: str, alias: str, version: str | None) -> None:
        """Move an alias, or take it off."""
        if version is None:
            self._do("DELETE", "registered-models/alias", name=model, alias=alias)
        else:
            self._do("POST", "registered-models/alias", name=model, alias=alias, version=version)

    def _model(self, model: str) -> dict[str, Any]:
        return dict(self._do("GET", "registered-models/get", name=model)["registered_model"])

    def _tag(self, of: str, key: str, value: str | None, **whose: str) -> None:
        if value is None:
            self._do("DELETE", f"{of}/delete-tag", key=key, **whose)
        else:
            self._do("POST", f"{of}/set-tag", key=key, value=value, **whose)

    def _do(self, method: str, path: str, **fields: str) -> Any:
        given: dict[str, Any] = {"query": fields} if method == "GET" else {"body": fields}
        return self._client.api_client.do(method, f"{_ROOT}/{path}", **given)


def _tags(of: Mapping[str, Any]) -> Mapping[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in of.get("tags") or []}
