"""A tuned model into MLflow and Unity Catalog: gate, card, one answer as an endpoint gives it, version, tags, alias."""

import importlib.metadata
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from brickyard_pipelines.errors import UnusableModel
from brickyard_pipelines.finetuning.interpretation.trained import Trained, read_evaluation
from brickyard_pipelines.finetuning.outputs import alone, file_sha256, write_json
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.registration.champion import champion_of
from brickyard_pipelines.finetuning.registration.gate import NO_CHAMPION, passed_tags, require_passed
from brickyard_pipelines.finetuning.registration.model_card import card
from brickyard_pipelines.ml.registry.existing import existing

_log = logging.getLogger(__name__)
_RESULT = "registration.json"
_REQUIRED = ("mlflow", "torch", "transformers", "accelerate")
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is registered as what, by which evaluation; `output` keeps what came of it."""

    plan: Plan
    criteria: Path
    trained: Trained
    evaluation: Path
    model: str
    experiment: str
    output: Path
    job_run_id: str | None = None


def register(wanted: Wanted) -> Mapping[str, str]:
    """The version: registered now, or found where this model was registered before.

    Errors: NotEvaluated, ValidationRefused, UnusableModel, OutputTaken.
    """
    for name in _OFFLINE:  # before anything loads huggingface_hub, which reads it once
        os.environ[name] = "1"
    from mlflow import MlflowClient

    from brickyard_pipelines.ml.registry import versions

    client, evaluation, sha256 = MlflowClient(), read_evaluation(wanted.evaluation), wanted.trained.sha256
    with alone(wanted.output, "registration"):
        champion = champion_of(client, wanted.model)
        known = _known(client, wanted, sha256)
        beside = champion or NO_CHAMPION
        if known is not None and champion == known:
            return _handed_on(wanted, known)
        reason = require_passed(
            evaluation, model_sha256=sha256, criteria_sha256=file_sha256(wanted.criteria), champion=beside
        )
        version = known or _log_and_register(wanted, evaluation, sha256)
        passed = passed_tags(
            model=wanted.model, version=version, champion=beside, reason=reason, job_run_id=wanted.job_run_id
        )
        versions.tag(client, wanted.model, version, {**origin(wanted, sha256), **passed})
        versions.challenge(client, wanted.model, version, is_challenger=True)
        return _handed_on(wanted, version)


def origin(wanted: Wanted, sha256: str) -> dict[str, str]:
    """The tags that say where a version comes from."""
    document, base = wanted.trained.document, wanted.trained.base
    return {
        "finetuning_plan": wanted.plan.name,
        "finetuning_run": str(document["run_id"]),
        "data_version": str(document["data_version"]),
        "base_model": str(base["name"]),
        "base_model_sha256": str(base["sha256"]),
        "licence": str(base["licence"]),
        "model_sha256": sha256,
        "criteria_sha256": file_sha256(wanted.criteria),
    }


def _known(client: Any, wanted: Wanted, sha256: str) -> str | None:
    """The version that this output was registered as before, if it is still this model."""
    path = wanted.output / _RESULT
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    if (kept["model"], kept["model_sha256"]) != (wanted.model, sha256):
        return None
    version = str(kept["version"])
    return None if existing(lambda: client.get_model_version(wanted.model, version)) is None else version


def _log_and_register(wanted: Wanted, evaluation: Mapping[str, Any], sha256: str) -> str:
    import mlflow
    from mlflow.models import Model

    from brickyard_pipelines.finetuning.registration import language_model

    plan, document = wanted.plan, wanted.trained.document
    tuned = language_model.Tuned(
        folder=wanted.trained.merged,
        source=str(wanted.trained.base["name"]),
        card=card(plan.name, plan.use_case, document, evaluation),
        licence=str(wanted.trained.base["licence"]),
        task=task_of(wanted.trained.merged),
    )
    mlflow.set_experiment(wanted.experiment)
    with mlflow.start_run(run_name=f"register {plan.name}"):
        mlflow.set_tags({f"brickyard.{name}": said for name, said in origin(wanted, sha256).items()})
        mlflow.log_dict(dict(evaluation), "evaluation.json")
        mlflow.log_text(tuned.card, "model_card.md")
        page = wanted.evaluation / "evaluation.html"
        if page.is_file():
            mlflow.log_artifact(str(page))
        info = Model.log(
            artifact_path=None,
            name="model",
            flavor=language_model,
            flavor_name="mlflow.transformers",
            registered_model_name=wanted.model,
            pip_requirements=requirements(),
            metadata={"finetuning_plan": plan.name, "data_version": str(document["data_version"])},
            tuned=tuned,
            look=lambda folder: asked_once(folder, tuned.task),
        )
    version = str(info.registered_model_version)
    write_json(wanted.output / _RESULT, {"model": wanted.model, "version": version, "model_sha256": sha256})
    _log.info("registered %s version %s", wanted.model, version)
    return version


def task_of(folder: Path) -> Literal["llm/v1/chat", "llm/v1/completions"]:
    """Chat where the model has a chat template, completions where it has none."""
    from brickyard_pipelines.finetuning.templates.tokenizer import read_tokenizer

    return "llm/v1/completions" if read_tokenizer(folder).template is None else "llm/v1/chat"


def asked_once(folder: Path, task: str) -> None:
    """Errors: UnusableModel unless the folder answers as an endpoint would have it, in OpenAI's form."""
    import mlflow.pyfunc
    import pandas as pd

    asked: dict[str, Any] = {"max_tokens": [4]}
    said = {"messages": [[{"role": "user", "content": "Hello"}]]} if task == "llm/v1/chat" else {"prompt": ["Hello"]}
    try:
        answers: Any = mlflow.pyfunc.load_model(str(folder)).predict(pd.DataFrame({**said, **asked}))
        first = answers[0]["choices"][0]
        text = first["message"]["content"] if task == "llm/v1/chat" else first["text"]
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnusableModel(f"{folder.name}: the model does not answer as an endpoint would: {reason}") from error
    if not isinstance(text, str):
        raise UnusableModel(f"{folder.name}: got {type(text).__name__} as an answer; an endpoint answers with a text.")


def requirements() -> list[str]:
    """The libraries at the exact versions of this process; a build's own suffix (`+cpu`) is no version of an index."""
    return [f"{name}=={importlib.metadata.version(name).partition('+')[0]}" for name in _REQUIRED]


def _handed_on(wanted: Wanted, version: str) -> Mapping[str, str]:
    from brickyard_pipelines import task_values

    task_values.hand_on("model_version", version, job_run_id=wanted.job_run_id)
    return {"model": wanted.model, "version": version}
