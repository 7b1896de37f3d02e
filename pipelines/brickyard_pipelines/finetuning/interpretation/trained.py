"""A finished training run, as evaluation and registration read it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.candidates.fingerprint import model_sha256
from brickyard_pipelines.finetuning.errors import NotEvaluated, Problem, UnusableCandidate

_RESULT = "training.json"
_NEEDED = ("run_id", "plan", "data_version", "base_model", "approach")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """Its folder and what training.json says. The merged model is the one that is judged, registered and served."""

    folder: Path
    document: Mapping[str, Any]

    @property
    def merged(self) -> Path:
        """The whole model, in transformers' format."""
        return self.folder / "merged"

    @property
    def sha256(self) -> str:
        """What tells the merged model from any other."""
        return model_sha256(self.merged)

    @property
    def base(self) -> Mapping[str, Any]:
        """The base model: name, path, sha256, licence."""
        found: Mapping[str, Any] = self.document["base_model"]
        return found


def open_trained(folder: Path) -> Trained:
    """The run of a folder.

    Errors: UnusableCandidate when training has not ended there, or the merged model is missing.
    """
    path = folder / _RESULT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        rule, fix = "training leaves training.json when it has ended", "Train first, or go on with the run."
        raise UnusableCandidate([Problem(where=str(path), got=str(error), rule=rule, fix=fix)]) from error
    missing = [key for key in _NEEDED if key not in document]
    if missing:
        got, rule = f"no {', '.join(missing)}", "training.json says what was trained, from what"
        raise UnusableCandidate([Problem(where=str(path), got=got, rule=rule, fix="Train again.")])
    found = Trained(folder=folder, document=document)
    model_sha256(found.merged)
    return found


def read_evaluation(folder: Path) -> Mapping[str, Any]:
    """What `evaluate` left.

    Errors: NotEvaluated when nothing is there.
    """
    path = folder / "evaluation.json"
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        rule, fix = "a model is evaluated before it is registered", "Run `finetuning evaluate` first."
        raise NotEvaluated([Problem(where=str(path), got=str(error), rule=rule, fix=fix)]) from error
    return document
