"""A trained model into MLflow and Unity Catalog: its library's flavour, signature, example, requirements, own code."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.models.resources import DatabricksLakebase
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from brickyard_pipelines.ml.code import pinned_requirements
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.features.serving import ONLINE_REQUIREMENTS
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.training import packing
from brickyard_pipelines.ml.training.libraries import DISTRIBUTIONS
from brickyard_pipelines.ml.training.packing import Look, Trained

_TYPES = {"string": DataType.string, "double": DataType.double}


def log_and_register(
    trained: Trained, example: pd.DataFrame, settings: StepSettings, project: Project, look: Look
) -> ModelInfo:
    """Log the model in the active run and register it; the answer names the version this call made.

    `look` is given the model as an endpoint will load it, before it is registered: what it raises stops all. What it
    logs is there when the version is.
    Errors: UnusableModel.
    """
    columns: Sequence[Feature] = refer(project.workflow.features.columns)
    label = project.workflow.labels.column
    own = DISTRIBUTIONS[trained.library.flavor]
    store = trained.packed.online_store if trained.packed else None
    info: ModelInfo = Model.log(
        artifact_path=None,
        name="model",
        flavor=packing,
        flavor_name=f"mlflow.{trained.library.flavor}",
        registered_model_name=settings.need("model"),
        metadata={
            "prediction": f"probability of {label} = 1",
            "project": project.name,
            "features": [column.name for column in columns],
        },
        validate_serving_input=False,  # `look` does it, and an error of it is one
        trained=trained,
        look=look,
        signature=signature((*columns, *carried(trained)), label),
        input_example=example,
        pip_requirements=pinned_requirements(
            *([own] if own else []), *project.workflow.training.requirements, *(ONLINE_REQUIREMENTS if store else ())
        ),
        resources=[DatabricksLakebase(database_instance_name=store)] if store else None,
        code_paths=[str(package_folder(project.name))],
    )
    return info


def carried(trained: Trained) -> tuple[Feature, ...]:
    """What a request may carry from which features are derived; each may be left out."""
    columns = trained.packed.request.columns if trained.packed else {}
    return tuple(Feature(name=name, type=kind, comment="Not a feature") for name, kind in columns.items())


def signature(columns: Sequence[Feature], label: str) -> ModelSignature:
    """What a request may carry, and what is answered.

    >>> features = [Feature(name="carrier", type="string", comment="", required=True)]
    >>> signature(features, "arrived_late").outputs.to_dict()
    [{'type': 'double', 'name': 'probability_of_arrived_late', 'required': True}]
    """
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(_TYPES[column.type], column.name, required=column.required) for column in columns
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec(DataType.double, f"probability_of_{label}")]))


def package_folder(package: str) -> Path:
    """The folder of an installed package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))
