"""From a task to a trained checkpoint: blocks, trainer, callbacks; resumed where a whole checkpoint is."""

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.finetuning.errors import CheckpointNotWritten
from brickyard_pipelines.finetuning.training import weights
from brickyard_pipelines.finetuning.training.blocks import Blocks, write_blocks
from brickyard_pipelines.finetuning.training.collation import Collator
from brickyard_pipelines.finetuning.training.journal import Journal
from brickyard_pipelines.finetuning.training.length import steps_of
from brickyard_pipelines.finetuning.training.task import Task

if TYPE_CHECKING:
    from brickyard_pipelines.finetuning.training.callbacks import Report, Watch

_log = logging.getLogger(__name__)


def learn(task: Task, scratch: Path, journal: Journal) -> dict[str, Any]:
    """Trains to the end of the plan's duration, or to its early stop.

    *Shapes*: best_step, steps, tokens_seen, stop_reason, metrics, samples, curve (lines of JSON), data, peak_memory_gb.
    Errors: TrainingStopped, CheckpointNotWritten, UnsupportedModel, UnusableData.
    """
    from transformers import PrinterCallback

    from brickyard_pipelines.finetuning.training.callbacks import Report, Watch

    blocks = {split: _blocks(task, split, scratch) for split in ("train", "eval") if task.version.rows(split)}
    watch = Watch(task.plan.training.patience, evaluates="eval" in blocks)
    resumed = task.checkpoints.newest()
    report = Report(journal, _sampler(task), _samples(resumed))
    trainer = _trainer(task, blocks, scratch, resumed, watch, report)
    trainer.remove_callback(PrinterCallback)  # standard output is the command's one answer
    if resumed is not None:
        _log.info("%s is whole: going on from there", resumed)
    trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
    return _learnt(task, trainer, watch, report, blocks)


def _blocks(task: Task, split: str, scratch: Path) -> Blocks:
    return write_blocks(task.version, split, scratch, task.plan, vocabulary=task.facts.vocabulary)


def _trainer(
    task: Task, blocks: Mapping[str, Blocks], scratch: Path, resumed: Path | None, watch: "Watch", report: "Report"
) -> Any:
    from datasets import Dataset
    from transformers import AutoTokenizer

    from brickyard_pipelines.finetuning.training.trainer import BlockTrainer, configuration

    how, train = task.plan.training, blocks["train"]
    steps = steps_of(how, blocks=train.count, tokens=train.tokens, devices=task.plan.hardware.count)
    evaluates = "eval" in blocks
    sets = {split: Dataset.from_file(str(each.file)).with_format("numpy") for split, each in blocks.items()}
    return BlockTrainer(
        task.checkpoints,
        report,
        _tokens_seen(resumed),
        model=weights.load_for_training(task.base, how),
        args=configuration(task.plan, steps, scratch, evaluates=evaluates, resumes=resumed is not None),
        data_collator=Collator(pad=task.tokenizer.pad, packed=train.packed),
        train_dataset=sets["train"],
        eval_dataset=sets.get("eval"),
        processing_class=AutoTokenizer.from_pretrained(str(task.base), local_files_only=True),
        peft_config=weights.adapter_of(how),
        callbacks=[watch, report],
    )


def _sampler(task: Task) -> Any:
    """The fixed prompts, asked on every process at once: a model that is sharded answers with all of its parts."""
    from transformers import AutoTokenizer

    from brickyard_pipelines.finetuning.training.samples import Sampler

    if not task.plan.training.sample_prompts:
        return None
    return Sampler(
        prompts=task.plan.training.sample_prompts,
        system_prompt=task.plan.data.system_prompt,
        tokenizer=AutoTokenizer.from_pretrained(str(task.base), local_files_only=True),
        as_chat=task.plan.approach != "continued_pretraining" and task.tokenizer.template is not None,
        stop_ids=task.stop_ids,
        pad=task.tokenizer.pad,
    )


def _samples(resumed: Path | None) -> list[Any]:
    """The samples that a checkpoint's run had drawn."""
    if resumed is None:
        return []
    drawn: list[Any] = json.loads((resumed / "samples.json").read_text(encoding="utf-8"))
    return drawn


def _tokens_seen(resumed: Path | None) -> int:
    """The tokens that a checkpoint's run had seen."""
    if resumed is None:
        return 0
    history = json.loads((resumed / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    return max((int(entry["tokens_seen"]) for entry in history if "tokens_seen" in entry), default=0)


def _learnt(task: Task, trainer: Any, watch: "Watch", report: "Report", blocks: Mapping[str, Blocks]) -> dict[str, Any]:
    state = trainer.state
    history = [entry for entry in state.log_history if "loss" in entry or "eval_loss" in entry]
    best = int(state.best_global_step or state.global_step)
    if not task.checkpoints.of(best).is_dir():
        raise CheckpointNotWritten(f"{task.checkpoints.of(best)}: got no checkpoint of the best step. Report this.")
    return {
        "best_step": best,
        "steps": int(state.global_step),
        "tokens_seen": trainer.tokens_seen,
        "stop_reason": watch.reason,
        "metrics": _metrics(history),
        "samples": report.samples,
        "curve": [json.dumps(entry) for entry in history],
        "data": {
            split: {"blocks": each.count, "tokens": each.tokens, "learnt": each.learnt, "packed": each.packed}
            for split, each in blocks.items()
        },
        "peak_memory_gb": _peak_memory_gb(),
    }


def _metrics(history: list[dict[str, Any]]) -> dict[str, float]:
    """First and last losses; of evaluations the first (the base model's), the best and the last, with perplexity."""
    found: dict[str, float] = {}
    losses = [entry["loss"] for entry in history if "loss" in entry]
    evaluations = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    if losses:
        found |= {"first_loss": losses[0], "last_loss": losses[-1]}
    if evaluations:
        found |= {"base_eval_loss": evaluations[0], "eval_loss": min(evaluations[1:], default=evaluations[0])}
        found |= {"last_eval_loss": evaluations[-1], "eval_perplexity": math.exp(min(found["eval_loss"], 700.0))}
    return found


def _peak_memory_gb() -> float:
    """*Units*: GB of the device, or of the process where it trains on the CPU."""
    import resource

    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated() / 1e9)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
