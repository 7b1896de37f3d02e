"""What can go wrong in fine-tuning; a problem says where, what was got, the rule and the fix."""

from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_pipelines.errors import PipelineError


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that does not hold, with its place."""

    where: str
    got: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: got {self.got}; {self.rule}. {self.fix}"


class FinetuningError(PipelineError):
    """Base of all: a list of problems, or a sentence."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, self.problems)))


class InvalidPlan(FinetuningError):
    """Raised when plan.yaml or criteria.yaml cannot be used; all of its problems at once."""


class UnsupportedModel(FinetuningError):
    """Raised when a base model's folder lacks what training needs, or is of a family that is not known."""


class CannotBring(FinetuningError):
    """Raised when a base model cannot be brought: its source is refused, not there, or not what its hash says."""


class UnusableTemplate(FinetuningError):
    """Raised when a chat template cannot be rendered, or no mask can be proven for it."""


class UnusableData(FinetuningError):
    """Raised when a source cannot be read, or too little of it can be used."""


class OutputTaken(FinetuningError):
    """Raised when another run writes to the same folder, or another configuration wrote there."""


class CannotTrainHere(FinetuningError):
    """Raised when this machine or environment lacks what the plan's training needs."""


class CheckpointNotWritten(FinetuningError):
    """Raised when a checkpoint cannot be written whole; the one before it is untouched."""


class TrainingStopped(FinetuningError):
    """Raised when training cannot go on: the loss is no number, or diverges."""


class UnusableAnswers(FinetuningError):
    """Raised when the answers to be judged do not fit the questions."""


class UnusableCandidate(FinetuningError):
    """Raised when a model cannot be asked: it is not there, or cannot say what the criteria look at."""


class NotEvaluated(FinetuningError):
    """Raised when a model is to be registered without an evaluation of this very model."""
