"""What a criterion's metric says of one answer, and on which scale such numbers are averaged and compared. Pure.

Perplexity is averaged as negative log-likelihood per token, each token counting once: exp of the mean is the
perplexity of all rows together. Two models may cut a text into other tokens, so they are compared per byte.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from brickyard_pipelines.finetuning.errors import UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.evaluation.text_metrics import score
from brickyard_pipelines.finetuning.plan.criteria import Criterion
from brickyard_pipelines.finetuning.plan.judge import JUDGE

PERPLEXITY, MULTIPLE_CHOICE = "perplexity", "multiple_choice"
NEEDS_LIKELIHOOD = frozenset({PERPLEXITY, MULTIPLE_CHOICE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """A sum, and how much it is a sum of: tokens or bytes for likelihoods, 1 for everything else."""

    value: float
    weight: float = 1.0


def weighed(item: Criterion, question: Question, answer: Answer) -> Weighed:
    """What a criterion's metric says of one answer, as it is averaged.

    Errors: UnusableAnswers when it has to be measured while answering, and was not.
    """
    if item.metric == PERPLEXITY:
        nll = _need(item, question, answer.nll, "nll")
        return Weighed(value=nll, weight=max(_need(item, question, answer.scored_tokens, "scored_tokens"), 1e-9))
    return Weighed(value=value(item, question, answer))


def gain(item: Criterion, question: Question, candidate: Answer, reference: Answer) -> Weighed:
    """By how much the candidate's answer is better, more being better.

    Errors: as `weighed`.
    """
    if item.metric == PERPLEXITY:
        nats = _need(item, question, reference.nll, "nll") - _need(item, question, candidate.nll, "nll")
        return Weighed(value=-item.sign * nats, weight=max(1, len(question.references[0].encode())))
    return Weighed(value=item.sign * (value(item, question, candidate) - value(item, question, reference)))


def scale_of(metric: str) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """From a threshold to the scale on which answers are averaged, and back."""
    return (math.log, math.exp) if metric == PERPLEXITY else (float, float)


def value(item: Criterion, question: Question, answer: Answer) -> float:
    """The number of one answer, on the metric's own scale.

    Errors: as `weighed`.
    """
    if item.metric == PERPLEXITY:
        found = weighed(item, question, answer)
        return math.exp(min(found.value / max(found.weight, 1), 700.0))
    if item.metric == MULTIPLE_CHOICE:
        if not question.choices or answer.chosen is None:
            raise _not_measured(item, question, "choice")
        return float(answer.chosen in question.references)
    if item.metric == JUDGE:
        return _need(item, question, (answer.judged or {}).get(item.name), "verdict of the judge")
    if item.metric == "tokens_per_second":
        tokens = _need(item, question, answer.answer_tokens, "answer_tokens")
        return tokens / max(_need(item, question, answer.latency_s, "latency_s"), 1e-9)
    if item.metric in ("latency_s", "cost", "stopped"):
        return _need(item, question, getattr(answer, item.metric), item.metric)
    return score(item, answer.text, question.references)


def _need(item: Criterion, question: Question, measured: float | None, name: str) -> float:
    if measured is None:
        raise _not_measured(item, question, name)
    return float(measured)


def _not_measured(item: Criterion, question: Question, name: str) -> UnusableAnswers:
    return UnusableAnswers(
        f"criterion {item.name!r}: got no {name} for question {question.id!r}; it is measured while answering."
        f" Add {name} to the answers, or leave the criterion out."
    )
