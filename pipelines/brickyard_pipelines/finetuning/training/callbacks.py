"""What looks on while a model learns: one callback that stops what goes wrong, one that writes down what happens."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from brickyard_pipelines.finetuning.errors import TrainingStopped
from brickyard_pipelines.finetuning.training import watching
from brickyard_pipelines.finetuning.training.journal import Journal
from brickyard_pipelines.finetuning.training.samples import Sampler

SAMPLES = "samples.json"


class Watch(TrainerCallback):
    """Stops a run whose loss is no number or diverges, and one whose evaluations gain nothing any more.

    Errors: TrainingStopped, raised before the step's checkpoint would be written.
    """

    def __init__(self, patience: int | None, *, evaluates: bool) -> None:
        self._patience, self._evaluates = patience, evaluates
        self.reason = "duration"

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_others: Any) -> None:
        if not logs or "loss" not in logs:
            return
        losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
        wrong = watching.broken(logs["loss"], logs.get("grad_norm")) or watching.diverged(losses)
        if wrong:
            raise TrainingStopped(
                f"step {state.global_step}: {wrong}. Lower training.learning_rate, raise training.warmup_share, or look"
                " at the rows of these steps; the checkpoints before it are whole."
            )

    def on_evaluate(self, _args: Any, state: Any, control: Any, **_others: Any) -> None:
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        if self._patience is not None and watching.without_gain(losses) >= self._patience:
            control.should_training_stop = True
            self.reason = f"early stop: {self._patience} evaluations without gain"

    def on_step_end(self, _args: Any, state: Any, control: Any, **_others: Any) -> None:
        if self._evaluates and state.global_step >= state.max_steps:
            control.should_evaluate = True


class Report(TrainerCallback):
    """Hands curves and samples to the journal; on the first process only. `samples` begins with a checkpoint's."""

    def __init__(self, journal: Journal, sampler: Sampler | None, samples: Sequence[Any] = ()) -> None:
        self._journal, self._sampler = journal, sampler
        self.samples = list(samples)

    def on_train_begin(self, _args: Any, state: Any, _control: Any, model: Any = None, **_others: Any) -> None:
        if state.global_step == 0:
            self.draw(model, state)

    def on_save(self, _args: Any, state: Any, _control: Any, **_others: Any) -> None:
        if state.is_world_process_zero:
            self._journal.flush()

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_others: Any) -> None:
        if state.is_world_process_zero:
            numbers = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
            self._journal.metrics(state.global_step, numbers)

    def draw(self, model: Any, state: Any) -> None:
        """What the model answers at this step."""
        if self._sampler is None:
            return
        answers = self._sampler(model)
        self.samples.append({"step": state.global_step, "answers": answers})
        name = f"samples/step-{state.global_step:06d}.json"
        self._journal.text(name, json.dumps(answers, indent=1, ensure_ascii=False))

    def keep(self, made: Path) -> None:
        """The samples so far into a checkpoint's folder, so that a resumed run has them."""
        (made / SAMPLES).write_text(json.dumps(self.samples, ensure_ascii=False), encoding="utf-8")
