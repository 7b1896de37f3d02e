"""TRL's trainer as this package uses it: blocks go in as they are, checkpoints come out whole.

TRL neither renders, truncates, packs nor masks: it is given ids, labels and positions (docs/adr/0045). This module,
`weights` and `merging` are all that know TRL, transformers and PEFT.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trl import SFTConfig, SFTTrainer

from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.training.blocks import IGNORED
from brickyard_pipelines.finetuning.training.callbacks import Report
from brickyard_pipelines.finetuning.training.checkpoints import Checkpoints
from brickyard_pipelines.finetuning.training.length import Steps

_SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}


def configuration(plan: Plan, steps: Steps, scratch: Path, *, evaluates: bool, resumes: bool) -> SFTConfig:
    """The plan's training in TRL's words; whatever would change the data is off."""
    how, on_cpu = plan.training, plan.hardware.accelerator == "cpu"
    return SFTConfig(
        output_dir=str(scratch),
        max_steps=steps.total,
        warmup_steps=steps.warmup,
        lr_scheduler_type=_SCHEDULES[how.schedule],
        learning_rate=how.learning_rate,
        weight_decay=how.weight_decay,
        max_grad_norm=how.max_grad_norm,
        per_device_train_batch_size=how.batch_size,
        per_device_eval_batch_size=how.batch_size,
        gradient_accumulation_steps=how.gradient_accumulation,
        gradient_checkpointing=how.gradient_checkpointing,
        bf16=how.precision == "bf16",
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        seed=how.seed,
        data_seed=how.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,  # a loss that is no number must be seen, not averaged away
        eval_strategy="steps" if evaluates else "no",
        eval_steps=how.evaluate_every if evaluates else None,
        eval_on_start=evaluates and not resumes,
        metric_for_best_model="eval_loss" if evaluates else None,
        greater_is_better=False,
        save_strategy="steps",
        save_steps=how.checkpoint_every,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        max_length=None,
        report_to="none",
        disable_tqdm=True,
    )


class BlockTrainer(SFTTrainer):
    """Counts tokens without padding, weighs evaluations by tokens, and publishes checkpoints."""

    def __init__(self, checkpoints: Checkpoints, report: Report, tokens_seen: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._checkpoints, self._report, self.tokens_seen = checkpoints, report, tokens_seen
        self._new_tokens = 0
        self._loss_sum, self._loss_tokens = 0.0, 0

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **settings: Any) -> Any:
        tokens = inputs.pop("tokens", None)
        if self.model.training and tokens is not None:
            self._new_tokens += int(tokens)
        if self.args.device.type == "cuda":
            return super().compute_loss(model, inputs, *args, **settings)
        return self._own_loss(model, inputs, settings.get("num_items_in_batch"))

    def _own_loss(self, model: Any, inputs: Mapping[str, Any], learnt: Any) -> Any:
        """The model's own loss: without Triton, TRL's head scores every position, masked ones too, and twice."""
        loss = model(**inputs, num_items_in_batch=learnt, use_cache=False).loss
        # `learnt` counts the tokens of all processes, whose gradients are averaged
        return loss if learnt is None else loss * self.accelerator.num_processes

    def prediction_step(self, model: Any, inputs: dict[str, Any], *args: Any, **settings: Any) -> Any:
        learnt = int((inputs["labels"][..., 1:] != IGNORED).sum())
        found = super().prediction_step(model, inputs, *args, **settings)
        self._loss_sum += float(found[0]) * learnt
        self._loss_tokens += learnt
        return found

    def evaluation_loop(self, *args: Any, **settings: Any) -> Any:
        self._loss_sum, self._loss_tokens = 0.0, 0
        output = super().evaluation_loop(*args, **settings)
        total, tokens = self._over_processes(self._loss_sum), self._over_processes(self._loss_tokens)
        output.metrics[f"{settings.get('metric_key_prefix', 'eval')}_loss"] = total / max(tokens, 1)
        return output

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            self.tokens_seen += int(self._over_processes(self._new_tokens))
            self._new_tokens = 0
            logs["tokens_seen"] = self.tokens_seen
        for mode in self._metrics.values():
            mode.pop("num_tokens", None)  # it counts padding
        super().log(logs, start_time)

    def _determine_best_metric(self, metrics: Mapping[str, float], trial: Any) -> bool:
        best = bool(super()._determine_best_metric(metrics, trial))
        self.control.should_save = self.control.should_save or best  # the best one is always kept
        return best

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        made = Path(self.args.output_dir) / f"checkpoint-{step}"
        self._report.draw(self.model, self.state)
        try:
            super()._save_checkpoint(model, trial)
            if self.args.should_save:
                self._report.keep(made)
        except (OSError, RuntimeError) as error:  # torch and safetensors say RuntimeError of a full disk
            raise self._checkpoints.not_written(step, error) from error
        if self.args.should_save:
            self._checkpoints.publish(made, step, best=self.state.best_global_step)
            shutil.rmtree(made, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def _over_processes(self, value: float) -> float:
        """The sum of a number over all processes."""
        import torch

        if self.accelerator.num_processes == 1:
            return value
        return float(self.accelerator.reduce(torch.tensor(float(value), device=self.args.device), reduction="sum"))
