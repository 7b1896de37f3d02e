"""Which version serves now."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


def champion_of(client: "MlflowClient", model: str) -> str | None:
    """The version that carries the alias champion; a model that nobody has registered yet has none."""
    from mlflow.exceptions import MlflowException

    from brickyard_pipelines.ml.registry import versions

    try:
        return versions.champion(client, model)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
