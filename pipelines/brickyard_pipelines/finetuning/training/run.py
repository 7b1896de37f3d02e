"""One training run: what must hold, what is done, what is left behind. Killed at any moment, it is run again."""

import logging
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.outputs import alone, write_json, write_text
from brickyard_pipelines.finetuning.plan import estimate
from brickyard_pipelines.finetuning.plan.base_models import BaseModel
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.plan.hardware import device_of
from brickyard_pipelines.finetuning.training import merging, record
from brickyard_pipelines.finetuning.training.journal import Journal, journal_of
from brickyard_pipelines.finetuning.training.record import Begun, Identity
from brickyard_pipelines.finetuning.training.task import Task, checked

_log = logging.getLogger(__name__)


def train(
    plan: Plan, *, root: Path, model: BaseModel, data: Path, output: Path, experiment: str | None = None
) -> Mapping[str, Any]:
    """Trains, or goes on with what was begun under `output`, or finds what is done; gives training.json.

    Errors: CannotTrainHere, UnsupportedModel, UnusableData, OutputTaken, TrainingStopped, CheckpointNotWritten.
    """
    task = checked(plan, root=root, model=model, data=data, output=output)
    with alone(output, "training") if task.is_first else nullcontext():
        done = record.finished(output, task.identity)
        return done if done is not None else _run(task, experiment)


def _run(task: Task, experiment: str | None) -> Mapping[str, Any]:
    from brickyard_pipelines.finetuning.training.learning import learn

    begun = record.begin(task.output, task.identity)
    name = f"{task.plan.name}-{begun.run_id[:8]}"
    with (
        tempfile.TemporaryDirectory(prefix="finetuning-train-", ignore_cleanup_errors=True) as scratch,
        journal_of(experiment if task.is_first else None, name, begun.mlflow_run_id) as journal,
    ):
        if task.is_first:
            begun = replace(begun, mlflow_run_id=journal.run_id)
            record.keep(task.output, task.identity, begun)
            journal.parameters(_parameters(task.identity))
        estimated = _estimated(task)
        started = time.monotonic()
        learnt = learn(task, Path(scratch), journal)
        if not task.is_first:
            return {}
        learnt |= {"seconds": time.monotonic() - started, "estimated": estimated}
        return _finish(task, begun, learnt, journal, Path(scratch))


def _estimated(task: Task) -> dict[str, float]:
    """What it should take, told before it begins and kept beside what it took. *Units*: hours, GB of one device."""
    device = device_of(task.plan.hardware.accelerator)
    said = estimate.estimate(task.plan, task.facts, estimate.load_of(task.version.manifest), device)
    between = said.hours_between
    band = f"{between[0]:.2f} to {between[1]:.2f} as measured runs lay" if between else "no run of ours measured there"
    _log.info("estimated: %.2f hours (%s) and %.1f GB of each device", said.hours, band, said.memory_gb)
    return {"hours": said.hours, "memory_gb": said.memory_gb}


def _finish(task: Task, begun: Begun, learnt: Mapping[str, Any], journal: Journal, scratch: Path) -> Mapping[str, Any]:
    """The model's folders, then training.json: what has it is done."""
    tuned = merging.Tuned(
        base=task.base,
        checkpoint=task.checkpoints.of(learnt["best_step"]),
        adapter=task.plan.training.method != "full",
        stop_ids=task.stop_ids,
        pad=task.tokenizer.pad,
    )
    places = merging.write(tuned, task.output, scratch)
    curve = "".join(f"{line}\n" for line in learnt["curve"])
    write_text(task.output / "curve.jsonl", curve)
    document = {
        "schema": record.SCHEMA,
        "run_id": begun.run_id,
        "mlflow_run_id": begun.mlflow_run_id,
        **record.described(task.identity),
        **{name: value for name, value in learnt.items() if name != "curve"},
        "stop_token_ids": task.stop_ids,
        "places": {**places, "checkpoints": str(task.checkpoints.folder), "curve": str(task.output / "curve.jsonl")},
    }
    journal.tags({f"brickyard.{name}": str(value) for name, value in document["places"].items()})
    journal.tags({"brickyard.stop_reason": str(learnt["stop_reason"]), "brickyard.data_version": task.version.id})
    write_json(task.output / record.RESULT, document)
    journal.text(record.RESULT, (task.output / record.RESULT).read_text(encoding="utf-8"))
    return document


def _parameters(identity: Identity) -> dict[str, Any]:
    """The identity as flat names, `training.lora.rank` among them."""
    flat: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = list(asdict(identity).items())
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(f"{name}.{key}", each) for key, each in value.items()]
        else:
            flat[name] = value
    return flat
