"""A benchmark in MLflow: a run with the candidates' numbers, a table of all answers, the page."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.benchmark.standing import Standing
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.outputs import write_json
from brickyard_pipelines.ml.registry.existing import existing

_RUN, _TABLE = "run.json", "answers.json"
_NUMBERS = ("latency_p50_s", "latency_p99_s", "tokens_per_second", "cost", "cut_off")


def metrics_of(found: Sequence[Standing]) -> dict[str, float]:
    """Every number under `candidate.what`."""
    numbers: dict[str, float] = {}
    for each in found:
        numbers[f"{each.name}.met"] = each.met
        numbers |= {f"{each.name}.{outcome.criterion}": outcome.mean.mean for outcome in each.outcomes}
        measured = {name: getattr(each.taken, name) for name in _NUMBERS}
        numbers |= {f"{each.name}.{name}": value for name, value in measured.items() if value is not None}
    return numbers


def answers_table(questions: Sequence[Question], answers: Mapping[str, Mapping[str, Answer]]) -> dict[str, list[Any]]:
    """A row per question and candidate, as a table of columns."""
    rows = [
        (name, question, answer)
        for name, given in answers.items()
        for question in questions
        if (answer := given.get(question.id)) is not None
    ]
    return {
        "id": [question.id for _, question, _ in rows],
        "candidate": [name for name, _, _ in rows],
        "asked": [question.asked for _, question, _ in rows],
        "reference": [question.references[0] for _, question, _ in rows],
        "answer": [answer.text for _, _, answer in rows],
        "latency_s": [answer.latency_s for _, _, answer in rows],
        "stopped": [answer.stopped for _, _, answer in rows],
        "slices": [json.dumps(dict(question.slices), sort_keys=True) for _, question, _ in rows],
    }


def log(
    step: str,
    experiment: str,
    output: Path,
    *,
    facts: Mapping[str, str],
    metrics: Mapping[str, float],
    table: Mapping[str, list[Any]],
) -> str:
    """The run's id. The same output goes on with the run it began, so that a repeated step leaves one run."""
    import mlflow

    run_file = output / _RUN
    begun = _begun(run_file)
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_id=begun, run_name=step) as run:
        run_id = str(run.info.run_id)
        write_json(run_file, {"run_id": run_id})
        mlflow.set_tags({"brickyard.step": step, **{f"brickyard.{name}": said for name, said in facts.items()}})
        mlflow.log_metrics(dict(metrics))
        # As `mlflow.log_table` writes it, which would add the rows a second time when a step is repeated.
        data = list(map(list, zip(*table.values(), strict=True)))
        mlflow.log_dict({"columns": list(table), "data": data}, _TABLE)
        mlflow.set_tag("mlflow.loggedArtifacts", json.dumps([{"path": _TABLE, "type": "table"}]))
        for path in sorted([*output.glob("*.html"), *output.glob("*.json")]):
            if path.name != _RUN:
                mlflow.log_artifact(str(path))
    return run_id


def _begun(run_file: Path) -> str | None:
    """The run that this output began, as long as the tracking server knows it: folders outlive workspaces."""
    from mlflow import MlflowClient

    if not run_file.is_file():
        return None
    run_id = str(json.loads(run_file.read_text(encoding="utf-8"))["run_id"])
    return None if existing(lambda: MlflowClient().get_run(run_id)) is None else run_id
