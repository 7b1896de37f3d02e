"""Versions of the registered model: their alias and their tags.

Tag keys avoid what Unity Catalog refuses in them (`. , - = / :` and spaces).
Source: docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle/
"""

from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
_MOST_CHARACTERS = 250  # of a tag's value


def champion(client: MlflowClient, model: str) -> str | None:
    """The version that carries the alias champion, or None."""
    aliases: Mapping[str, str] = client.get_registered_model(model).aliases
    version = aliases.get(CHAMPION)
    return None if version is None else str(version)


def find(client: MlflowClient, model: str, version: str) -> ModelVersion:
    """One version with its tags."""
    return client.get_model_version(model, version)


def tag(client: MlflowClient, model: str, version: str, tags: Mapping[str, str]) -> None:
    """Set tags on a version; long values are cut."""
    for key, value in tags.items():
        short = value if len(value) <= _MOST_CHARACTERS else f"{value[: _MOST_CHARACTERS - 1]}…"
        client.set_model_version_tag(model, version, key, short)
