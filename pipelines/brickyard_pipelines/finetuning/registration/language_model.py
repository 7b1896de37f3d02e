"""A tuned language model as a folder that an endpoint loads without any hub: mlflow's transformers flavour, mended.

The module is a flavour for `mlflow.models.Model.log`, which calls `save_model`. The weights are copied, never loaded
to be saved. mlflow writes two things that are not so: a licence of a repository called as this machine's folder, and
that folder as the model's source; both are put right.
Source: mlflow.transformers.save_model (task llm/v1/chat sets the signature; a local checkpoint needs a task)
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from brickyard_pipelines.errors import UnusableModel
from brickyard_pipelines.finetuning.registration import brickyard_stream
from brickyard_pipelines.ml.loader_module import load_with

if TYPE_CHECKING:
    from mlflow.models import Model

_STREAM = Path(brickyard_stream.__file__).parent
Task = Literal["llm/v1/chat", "llm/v1/completions"]
_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """The merged model's folder, what it is called, its card and its base model's licence (SPDX)."""

    folder: Path
    source: str
    card: str
    licence: str
    task: Task


def save_model(path: str, mlflow_model: "Model", *, tuned: Tuned, look: Callable[[Path], None], **kept: Any) -> None:
    """Save it, put right what mlflow wrote, and let `look` see the folder before anybody else does.

    Errors: UnusableModel, when it cannot be saved.
    """
    import mlflow.transformers
    from huggingface_hub import ModelCard

    kept.pop("validate_serving_input", None)  # `look` does it, and an error of it is one
    try:
        mlflow.transformers.save_model(
            str(tuned.folder),
            path,
            mlflow_model=mlflow_model,
            task=tuned.task,
            model_card=ModelCard(tuned.card),
            **kept,
        )
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnusableModel(f"{tuned.folder}: the merged model cannot be saved by mlflow: {reason}") from error
    folder = Path(path)
    _licence(tuned, folder)
    _greedy(folder)
    mlflow_model.flavors["transformers"]["source_model_name"] = tuned.source
    mlflow_model.flavors["python_function"] |= {"streamable": True, "code": "code"}
    load_with(_STREAM, folder, mlflow_model)
    look(folder)


def _licence(tuned: Tuned, folder: Path) -> None:
    """The base model's own licence text where it came with it; else its name."""
    for wrong in folder.glob("LICENSE*"):
        wrong.unlink()
    own = next((tuned.folder / name for name in _LICENCES if (tuned.folder / name).is_file()), None)
    if own is not None:
        shutil.copyfile(own, folder / "LICENSE.txt")
    else:
        said = (
            f"The base model {tuned.source} declares the licence {tuned.licence}; its folder holds no licence text.\n"
        )
        (folder / "LICENSE.txt").write_text(said, encoding="utf-8")


def _greedy(folder: Path) -> None:
    """Answers as they were judged: where a model says nothing, transformers' pipeline draws them at temperature 0.7."""
    path = folder / "model" / "generation_config.json"
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({"do_sample": False, **settings}, indent=1), encoding="utf-8")
