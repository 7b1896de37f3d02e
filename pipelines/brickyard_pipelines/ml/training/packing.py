"""A trained model as a folder that mlflow loads anywhere: the library's own flavour, and answers as probabilities.

The module is a flavour for `mlflow.models.Model.log`, which calls `save_model`.
"""

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import Model

from brickyard_pipelines.errors import PipelineError, UnusableModel
from brickyard_pipelines.ml.features.serving import PackedReference, pack
from brickyard_pipelines.ml.loader_module import load_with
from brickyard_pipelines.ml.training import brickyard_answers
from brickyard_pipelines.ml.training.importance import ARTIFACT
from brickyard_pipelines.ml.training.libraries import Library

Predict = Callable[[pd.DataFrame], object]
Look = Callable[[Predict, str], Mapping[str, float]]
_ANSWERS = Path(brickyard_answers.__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What a train function returned, of which library, which classes loading it may bring, what is packed with it."""

    model: Any
    library: Library
    function: str
    trusted_types: tuple[str, ...] = ()
    packed: PackedReference | None = None


def save_model(
    path: str,
    mlflow_model: Model,
    *,
    trained: Trained,
    look: Look,
    validate_serving_input: bool = False,
    **kept: Any,
) -> None:
    """Save it, load it as an endpoint would, and let `look` see it before anybody else does.

    It gets the model and its id. What it answers, how much the model leans on each feature, is kept with the model.

    Errors: UnusableModel, when it cannot be saved, or not be loaded from what was saved.
    """
    del validate_serving_input  # mlflow's own look only warns
    try:
        _save(path, mlflow_model, trained, kept)
    except PipelineError:
        raise
    except Exception as error:
        raise UnusableModel(_told(path, trained, error, "cannot be saved")) from error
    if trained.library.wrapped:
        load_with(_ANSWERS, Path(path), mlflow_model)
    if trained.packed is not None:
        pack(Path(path), mlflow_model, trained.packed)
    shares = look(_load(path, trained), str(mlflow_model.model_id))
    # Beside MLmodel: it goes wherever a version is copied to, its run does not.
    (Path(path) / ARTIFACT).write_text(json.dumps(dict(shares)), encoding="utf-8")


def _save(path: str, mlflow_model: Model, trained: Trained, kept: Mapping[str, Any]) -> None:
    flavor = trained.library.flavor
    module = importlib.import_module(f"mlflow.{flavor}")
    if flavor == "pyfunc":
        module.save_model(path, mlflow_model=mlflow_model, python_model=trained.model, **kept)
        return
    if flavor == "pytorch":
        _save_traced(path, mlflow_model, trained, kept)
        return
    safe = {"serialization_format": "skops", "skops_trusted_types": list(trained.trusted_types)}
    own = safe if flavor in ("sklearn", "lightgbm") else {}  # XGBoost has a format of its own
    module.save_model(trained.model, path, mlflow_model=mlflow_model, **kept, **own)


def _save_traced(path: str, mlflow_model: Model, trained: Trained, kept: Mapping[str, Any]) -> None:
    """A PyTorch module as a graph, which brings no code: mlflow wants tensors for that, and requests are columns."""
    import mlflow.pytorch
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.models.utils import _save_example
    from mlflow.types import Schema, TensorSpec

    example, signature = kept["input_example"], kept["signature"]
    rows = example[(mlflow_model.metadata or {})["features"]].to_numpy(dtype="float32")
    rows = np.vstack([rows, rows])  # of one row the graph would take the number of rows for a constant
    tensors = ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (-1, rows.shape[1]))]))
    traced = {**kept, "input_example": rows, "signature": tensors}
    trained.model.eval()
    mlflow.pytorch.save_model(trained.model, path, mlflow_model=mlflow_model, serialization_format="pt2", **traced)
    mlflow_model.signature = signature
    _save_example(mlflow_model, example, path)
    mlflow_model.save(str(Path(path) / "MLmodel"))


def _load(path: str, trained: Trained) -> Predict:
    import mlflow.pyfunc

    try:
        predict: Predict = mlflow.pyfunc.load_model(path).predict
    except Exception as error:
        raise UnusableModel(_told(path, trained, error, "was saved, but does not load")) from error
    return predict


def _told(path: str, trained: Trained, error: Exception, what: str) -> str:
    untrusted = _untrusted(Path(path), trained)
    if untrusted:
        lines = "\n".join(f"      - {name}" for name in untrusted)
        return (
            f"{trained.function} returned a model that brings classes which nobody has allowed it to bring. If they"
            f" are meant, add to project.yaml:\n  training:\n    skops_trusted_types:\n{lines}"
        )
    kind = type(trained.model)
    return (
        f"{trained.function} returned a {kind.__module__}.{kind.__qualname__} that {what} by"
        f" mlflow.{trained.library.flavor}: {type(error).__name__}: {error}."
        " Keep lambdas, open files and connections out of it."
    )


def _untrusted(folder: Path, trained: Trained) -> list[str]:
    """The classes in a skops file that project.yaml does not list."""
    import skops.io  # type: ignore[import-untyped]

    names = {name for file in folder.glob("*.skops") for name in skops.io.get_untrusted_types(file=file)}
    return sorted(names - set(trained.trusted_types))
