"""Criteria against answers: met, missed or no decision; better, worse or no decision against another model. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from brickyard_pipelines.finetuning.errors import UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.measures import Weighed, gain, scale_of, weighed
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.evaluation.statistics import (
    Mean,
    Sampled,
    holm,
    rows_needed,
    sampled,
    smallest_effect,
)
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
    bars = {item.name: _bar(item) for item in criteria.criteria}
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
    return compare_all(criteria, questions, {"candidate": candidate}, reference)["candidate"]


def compare_all(
    criteria: Criteria, questions: Sequence[Question], candidates: Mapping[str, Answers], reference: Answers
) -> dict[str, list[Difference]]:
    """As `compare`, of many candidates: p-values are corrected for all of them together.

    Errors: UnusableAnswers as `judge`.
    """
    gains = {
        (name, item.name): _gains(item, questions, answers, reference)
        for name, answers in candidates.items()
        for item in criteria.criteria
    }
    clusters = {item.name: [each.cluster for each in asked_of(item, questions)] for item in criteria.criteria}
    samples = {key: _sampled(found, clusters[key[1]]) for key, found in gains.items()}
    p_values = holm({key: min(1.0, 2 * min(each.p_above(0), each.p_below(0))) for key, each in samples.items()})
    return {
        name: [
            _difference(
                item.name, samples[name, item.name], gains[name, item.name], p_values[name, item.name], criteria
            )
            for item in criteria.criteria
        ]
        for name in candidates
    }


def _outcome(item: Criterion, sample: Sampled, above: float, below: float, criteria: Criteria) -> Outcome:
    mean, risk = sample.interval(criteria.confidence), 1 - criteria.confidence
    verdict: Literal["met", "missed", "no decision"] = "no decision"
    if sample.clusters >= _FEWEST:
        verdict = "met" if above <= risk else "missed" if below <= risk else "no decision"
    effect = sample.mean - _bar(item)
    needed = rows_needed(mean.error, mean.rows, effect, confidence=criteria.confidence, power=criteria.power)
    return Outcome(
        criterion=item.name,
        verdict=verdict,
        mean=_turned(mean, item),
        threshold=item.threshold,
        p_value=min(above, below),
        rows_needed=needed if verdict == "no decision" else 0,
    )


def _difference(name: str, sample: Sampled, gains: Sequence[Weighed], p: float, criteria: Criteria) -> Difference:
    mean = sample.interval(criteria.confidence)
    decided = p <= 1 - criteria.confidence and sample.clusters >= _FEWEST
    return Difference(
        criterion=name,
        verdict=("better" if sample.mean > 0 else "worse") if decided else "no decision",
        mean=mean,
        p_value=p,
        smallest_effect=smallest_effect(mean.error, confidence=criteria.confidence, power=criteria.power),
        wins=sum(each.value > 0 for each in gains),
        ties=sum(each.value == 0 for each in gains),
        losses=sum(each.value < 0 for each in gains),
    )


def _bar(item: Criterion) -> float:
    """The threshold where more is better, on the scale of the mean."""
    return item.sign * scale_of(item.metric)[0](item.threshold)


def _turned(mean: Mean, item: Criterion) -> Mean:
    """As measured again: where less is better, and on the metric's own scale."""
    sign, back = item.sign, scale_of(item.metric)[1]
    low, high = (mean.low, mean.high) if sign > 0 else (-mean.high, -mean.low)
    middle = back(sign * mean.mean)
    # The error of exp(x) is exp(x) times that of x.
    error = mean.error if back is float else mean.error * middle
    return Mean(mean=middle, low=back(low), high=back(high), error=error, clusters=mean.clusters, rows=mean.rows)


def _sample(item: Criterion, questions: Sequence[Question], answers: Answers) -> Sampled:
    asked = asked_of(item, questions)
    found = [weighed(item, question, answers[question.id]) for question in asked]
    turned = [Weighed(value=item.sign * each.value, weight=each.weight) for each in found]
    return _sampled(turned, [question.cluster for question in asked])


def _sampled(found: Sequence[Weighed], clusters: Sequence[str]) -> Sampled:
    return sampled([each.value for each in found], clusters, [each.weight for each in found])


def _gains(item: Criterion, questions: Sequence[Question], candidate: Answers, reference: Answers) -> list[Weighed]:
    asked = asked_of(item, questions)
    return [gain(item, each, candidate[each.id], reference[each.id]) for each in asked]


def asked_of(item: Criterion, questions: Sequence[Question]) -> list[Question]:
    """The questions that a criterion is judged on: those of its slice.

    Errors: UnusableAnswers when there are none.
    """
    wanted = (item.slice or {}).items()
    asked = [each for each in questions if all(each.slices.get(name) == word for name, word in wanted)]
    if not asked:
        raise UnusableAnswers(
            f"criterion {item.name!r}: got no question of the slice {item.slice}; a criterion is judged on rows."
            " Correct the slice, or hold out rows of it."
        )
    return asked
