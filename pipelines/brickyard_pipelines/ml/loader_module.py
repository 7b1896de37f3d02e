"""A module of ours inside a saved model, by which mlflow loads it."""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.models import Model


def load_with(module: Path, folder: Path, mlflow_model: "Model") -> str:
    """Let mlflow load the model saved in `folder` by this module, a file or a package's folder.

    Answers the one by which it did before. Its name carries its content: a model made by another release of ours may be
    loaded in the same process.
    """
    parts = sorted(module.glob("*.py")) if module.is_dir() else [module]
    content = hashlib.sha256()
    for part in parts:
        content.update(part.read_bytes())
    name = f"{module.stem}_{content.hexdigest()[:8]}"
    code = folder / "code"
    target = code / name if module.is_dir() else code
    target.mkdir(parents=True, exist_ok=True)
    for part in parts:
        shutil.copyfile(part, target / (part.name if module.is_dir() else f"{name}.py"))
    flavor = mlflow_model.flavors["python_function"]
    before = str(flavor["loader_module"])
    flavor["loader_module"] = name
    mlflow_model.save(str(folder / "MLmodel"))
    return before
