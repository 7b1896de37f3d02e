"""Which version serves now."""

from typing import TYPE_CHECKING

from brickyard_pipelines.ml.registry.existing import existing

if TYPE_CHECKING:
    from mlflow import MlflowClient


def champion_of(client: "MlflowClient", model: str) -> str | None:
    """The version that carries the alias champion; a model that nobody has registered yet has none."""
    from brickyard_pipelines.ml.registry import versions

    return existing(lambda: versions.champion(client, model))
