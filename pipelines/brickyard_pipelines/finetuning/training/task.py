"""What is to be trained, with everything refused that can be refused before a weight is read."""

import os
from dataclasses import dataclass
from pathlib import Path

from brickyard_pipelines.finetuning.plan.base_models import BaseModel
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.plan.model_facts import ModelFacts, read_facts
from brickyard_pipelines.finetuning.preparation.version import Version, open_version
from brickyard_pipelines.finetuning.templates.tokenizer import ModelTokenizer, read_tokenizer
from brickyard_pipelines.finetuning.training import preflight, record
from brickyard_pipelines.finetuning.training.checkpoints import Checkpoints
from brickyard_pipelines.finetuning.training.record import Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What is to be trained, checked. `is_first` is false in all processes but one of a run on several devices."""

    plan: Plan
    base: Path
    version: Version
    tokenizer: ModelTokenizer
    facts: ModelFacts
    output: Path
    identity: Identity
    is_first: bool

    @property
    def checkpoints(self) -> Checkpoints:
        """Where checkpoints lie, and how many are kept."""
        return Checkpoints(folder=self.output / "checkpoints", keep=self.plan.training.keep_checkpoints)

    @property
    def stop_ids(self) -> list[int]:
        """The tokens that end an answer, as the data was prepared with."""
        return [int(token) for token in self.version.manifest["settings"]["stop_token_ids"]]


def checked(plan: Plan, *, root: Path, model: BaseModel, data: Path, output: Path) -> Task:
    """The task, with everything refused that can be refused before a weight is read.

    Errors: CannotTrainHere, UnsupportedModel, UnusableData.
    """
    preflight.check_libraries(plan)
    base = root / model.path
    preflight.check_weights(base)
    version, tokenizer, facts = open_version(data), read_tokenizer(base), read_facts(base)
    preflight.check_fit(plan, version, tokenizer, facts)
    preflight.check_device(plan)
    return Task(
        plan=plan,
        base=base,
        version=version,
        tokenizer=tokenizer,
        facts=facts,
        output=output,
        identity=record.identity_of(plan, model, base, version.id),
        is_first=int(os.environ.get("RANK", "0")) == 0,
    )
