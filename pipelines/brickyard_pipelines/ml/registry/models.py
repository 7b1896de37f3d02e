"""A trained model into MLflow and Unity Catalog: signature, example, pinned requirements, own code."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from brickyard_pipelines.ml.code import pinned_requirements
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings

_TYPES = {"string": DataType.string, "double": DataType.double}


def log_and_register(model: Any, example: pd.DataFrame, settings: StepSettings, project: Project) -> ModelInfo:
    """Log the model in the active run and register it; the answer names the version this call made."""
    training = project.workflow.training
    columns: Sequence[Feature] = refer(project.workflow.features.columns)
    label = project.workflow.labels.column
    info: ModelInfo = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name=settings.need("model"),
        signature=signature(columns, label),
        input_example=example,
        pip_requirements=pinned_requirements(),
        code_paths=[str(package_folder(project.name))],
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
        skops_trusted_types=list(training.skops_trusted_types),
        metadata={"prediction": f"probability of {label} = 1", "project": project.name},
    )
    return info


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
