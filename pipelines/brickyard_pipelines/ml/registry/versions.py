"""Versions of the registered model: their aliases and their tags.

Tag keys avoid what Unity Catalog refuses in them (`. , - = / :` and spaces).
Source: docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle/
"""

from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
CHALLENGER = "challenger"  # validated, and waiting for approval or in a canary
_MOST_CHARACTERS = 250  # of a tag's value


def champion(client: MlflowClient, model: str) -> str | None:
    """The version that carries the alias champion, or None."""
    return aliased(client, model, CHAMPION)


def aliased(client: MlflowClient, model: str, alias: str) -> str | None:
    """The version that carries an alias, or None."""
    aliases: Mapping[str, str] = client.get_registered_model(model).aliases
    version = aliases.get(alias)
    return None if version is None else str(version)


def challenge(client: MlflowClient, model: str, version: str, *, is_challenger: bool) -> None:
    """Give the version the alias challenger, or take it from this version; the champion needs none."""
    aliases: Mapping[str, str] = client.get_registered_model(model).aliases
    carries = str(aliases.get(CHALLENGER)) == version
    wanted = is_challenger and str(aliases.get(CHAMPION)) != version
    if wanted and not carries:
        client.set_registered_model_alias(model, CHALLENGER, version)
    if carries and not wanted:
        client.delete_registered_model_alias(model, CHALLENGER)


def find(client: MlflowClient, model: str, version: str) -> ModelVersion:
    """One version with its tags."""
    return client.get_model_version(model, version)


def tag(client: MlflowClient, model: str, version: str, tags: Mapping[str, str]) -> None:
    """Set tags on a version; long values are cut."""
    for key, value in tags.items():
        short = value if len(value) <= _MOST_CHARACTERS else f"{value[: _MOST_CHARACTERS - 1]}…"
        client.set_model_version_tag(model, version, key, short)


def untag(client: MlflowClient, model: str, version: str, *keys: str) -> None:
    """Take tags off a version, where it has them."""
    known = client.get_model_version(model, version).tags or {}
    for key in keys:
        if key in known:
            client.delete_model_version_tag(model, version, key)
