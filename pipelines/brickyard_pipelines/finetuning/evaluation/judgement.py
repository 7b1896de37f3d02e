"""Criteria against answers: met, missed or no decision; better, worse or no decision against another model. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from brickyard_pipelines.finetuning.errors import UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.answers import Answer, Question
from brickyard_pipelines.finetuning.evaluation.statistics import (
    Mean,
    Sampled,
    holm,
    rows_needed,
    sampled,
    smallest_effect,
)
from brickyard_pipelines.finetuning.evaluation.text_metrics import score
from brickyard_pipelines.finetuning.plan.criteria import Criteria, Criterion

Answers = Mapping[str, Answer]
_FEWEST = 6  # clusters; below, no interval of a bootstrap can be believed


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A criterion's mean beside its threshold. `rows_needed` says how many rows could decide, where none is decided."""

    criterion: str
    verdict: Literal["met", "missed", "no decision"]
    mean: Mean
    threshold: float
    p_value: float
    rows_needed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Candidate less reference on the same rows, more being better. `smallest_effect` could have been found."""

    criterion: str
    verdict: Literal["better", "worse", "no decision"]
    mean: Mean
    p_value: float
    smallest_effect: float
    wins: int
    ties: int
    losses: int


def judge(criteria: Criteria, questions: Sequence[Question], answers: Answers) -> list[Outcome]:
    """Every criterion's outcome; p-values are corrected for how many criteria there are.

    Errors: UnusableAnswers when a slice has no row, or a metric was not measured.
    """
    samples = {item.name: _sample(item, questions, answers) for item in criteria.criteria}
    bars = {item.name: item.sign * item.threshold for item in criteria.criteria}
    above = holm({name: sample.p_above(bars[name]) for name, sample in samples.items()})
    below = holm({name: sample.p_below(bars[name]) for name, sample in samples.items()})
    return [
        _outcome(item, samples[item.name], above[item.name], below[item.name], criteria) for item in criteria.criteria
    ]


def compare(
    criteria: Criteria, questions: Sequence[Question], candidate: Answers, reference: Answers
) -> list[Difference]:
    """The candidate beside the reference, criterion by criterion, paired by question, p-values corrected.

    Errors: UnusableAnswers as `judge`.
    """
    gains = {item.name: _gains(item, questions, candidate, reference) for item in criteria.criteria}
    samples = {name: sampled(values, clusters) for name, (values, clusters) in gains.items()}
    p_values = holm({name: min(1.0, 2 * min(s.p_above(0), s.p_below(0))) for name, s in samples.items()})
    return [_difference(name, sample, gains[name][0], p_values[name], criteria) for name, sample in samples.items()]


def _outcome(item: Criterion, sample: Sampled, above: float, below: float, criteria: Criteria) -> Outcome:
    mean, risk = sample.interval(criteria.confidence), 1 - criteria.confidence
    verdict: Literal["met", "missed", "no decision"] = "no decision"
    if sample.clusters >= _FEWEST:
        verdict = "met" if above <= risk else "missed" if below <= risk else "no decision"
    effect = sample.mean - item.sign * item.threshold
    needed = rows_needed(mean.error, mean.rows, effect, confidence=criteria.confidence, power=criteria.power)
    return Outcome(
        criterion=item.name,
        verdict=verdict,
        mean=_turned(mean, item.sign),
        threshold=item.threshold,
        p_value=min(above, below),
        rows_needed=needed if verdict == "no decision" else 0,
    )


def _difference(name: str, sample: Sampled, gains: Sequence[float], p: float, criteria: Criteria) -> Difference:
    mean = sample.interval(criteria.confidence)
    decided = p <= 1 - criteria.confidence and sample.clusters >= _FEWEST
    return Difference(
        criterion=name,
        verdict=("better" if sample.mean > 0 else "worse") if decided else "no decision",
        mean=mean,
        p_value=p,
        smallest_effect=smallest_effect(mean.error, confidence=criteria.confidence, power=criteria.power),
        wins=sum(gain > 0 for gain in gains),
        ties=sum(gain == 0 for gain in gains),
        losses=sum(gain < 0 for gain in gains),
    )


def _turned(mean: Mean, sign: float) -> Mean:
    """As measured again, where less is better."""
    low, high = (mean.low, mean.high) if sign > 0 else (-mean.high, -mean.low)
    return Mean(mean=sign * mean.mean, low=low, high=high, error=mean.error, clusters=mean.clusters, rows=mean.rows)


def _sample(item: Criterion, questions: Sequence[Question], answers: Answers) -> Sampled:
    asked = _slice(item, questions)
    values = [item.sign * value(item, question, answers[question.id]) for question in asked]
    return sampled(values, [question.cluster for question in asked])


def _gains(
    item: Criterion, questions: Sequence[Question], candidate: Answers, reference: Answers
) -> tuple[list[float], list[str]]:
    asked = _slice(item, questions)
    gains = [
        item.sign * (value(item, each, candidate[each.id]) - value(item, each, reference[each.id])) for each in asked
    ]
    return gains, [question.cluster for question in asked]


def _slice(item: Criterion, questions: Sequence[Question]) -> list[Question]:
    wanted = (item.slice or {}).items()
    asked = [each for each in questions if all(each.slices.get(name) == word for name, word in wanted)]
    if not asked:
        raise UnusableAnswers(
            f"criterion {item.name!r}: got no question of the slice {item.slice}; a criterion is judged on rows."
            " Correct the slice, or hold out rows of it."
        )
    return asked


def value(item: Criterion, question: Question, answer: Answer) -> float:
    """What a criterion's metric says of one answer.

    Errors: UnusableAnswers when it has to be measured while answering, and was not.
    """
    if item.metric not in ("latency_s", "stopped"):
        return score(item, answer.text, question.references)
    measured = answer.latency_s if item.metric == "latency_s" else answer.stopped
    if measured is None:
        raise UnusableAnswers(
            f"criterion {item.name!r}: got no {item.metric} for question {question.id!r}; it is measured while"
            f" answering. Add {item.metric} to the answers, or leave the criterion out."
        )
    return float(measured)
