"""What a benchmark needs of a model: answers to questions, a batch at a time, and who it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.measures import MULTIPLE_CHOICE, PERPLEXITY
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.plan.criteria import Criteria

# What is measured of a likelihood; every other metric is of the words, or of their making.
_OF_LIKELIHOOD = (PERPLEXITY, MULTIPLE_CHOICE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What the criteria look at: words, the likelihood of the reference, the likeliest choice."""

    words: bool
    perplexity: bool
    choices: bool
    max_new_tokens: int

    @property
    def likelihood(self) -> bool:
        """Whether a model has to say how likely texts are."""
        return self.perplexity or self.choices


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A question that stays without an answer, and why. It is counted, and never judged as an answer."""

    reason: str


class Candidate(Protocol):
    """A model that is asked. `identity` is what tells its answers from another's: kind, place, version or hashes."""

    @property
    def name(self) -> str:
        """What it is called in every table."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Answers are kept under this; with another one they are not taken up again."""

    @property
    def batch_size(self) -> int:
        """How many questions are asked at once, and lost at most."""

    def answer(self, questions: Sequence[Question], needs: Needs) -> Sequence[Answer | Failed]:
        """An answer per question, in their order.

        Errors: UnusableAnswers for a question that the candidate cannot be asked as it is.
        """

    def close(self) -> None:
        """Let go of memory and connections."""


def needs_of(criteria: Criteria, *, max_new_tokens: int) -> Needs:
    """What has to be found out for these criteria."""
    metrics = {item.metric for item in criteria.criteria}
    return Needs(
        words=bool(metrics - set(_OF_LIKELIHOOD)),
        perplexity=PERPLEXITY in metrics,
        choices=MULTIPLE_CHOICE in metrics,
        max_new_tokens=max_new_tokens,
    )
