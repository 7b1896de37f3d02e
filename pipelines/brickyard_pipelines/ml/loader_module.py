"""A module of ours inside a saved model, by which mlflow loads it."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.models import Model


def load_with(module: Path, folder: Path, mlflow_model: "Model") -> str:
    """Let mlflow load the model saved in `folder` by this module. Answers the one by which it did before.

    Its name carries its content: a model made by another release of ours may be loaded in the same process.
    """
    name = f"{module.stem}_{hashlib.sha256(module.read_bytes()).hexdigest()[:8]}"
    code = folder / "code"
    code.mkdir(exist_ok=True)
    shutil.copyfile(module, code / f"{name}.py")
    flavor = mlflow_model.flavors["python_function"]
    before = str(flavor["loader_module"])
    flavor["loader_module"] = name
    mlflow_model.save(str(folder / "MLmodel"))
    return before
