"""Where the tuned model is strong and weak: by slice, and the answers it lost by most. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.judgement import asked_of
from brickyard_pipelines.finetuning.evaluation.measures import Weighed, gain, scale_of, weighed
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.plan.criteria import METRICS, Criteria, Criterion

Answers = Mapping[str, Answer]
_FEWEST_ROWS, _MOST_VALUES = 6, 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """One value of one slice: means of the metric, and how often which answer was better."""

    name: str
    value: str
    rows: int
    tuned: float
    base: float
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One question with both answers. `gain` is above 0 where the tuned one is better."""

    id: str
    asked: str
    reference: str
    tuned: str
    base: str
    gain: float


def weightiest(criteria: Criteria) -> Criterion:
    """The criterion that counts most; the first of equals."""
    return max(criteria.criteria, key=lambda item: item.weight)


def by_slice(item: Criterion, questions: Sequence[Question], tuned: Answers, base: Answers) -> list[Slice]:
    """Every value of every slice of few values; those of few rows are left out, since they show nothing."""
    asked = asked_of(item, questions)
    found = []
    for name in sorted({name for question in asked for name in question.slices}):
        groups: dict[str, list[Question]] = {}
        for question in asked:
            groups.setdefault(question.slices.get(name, ""), []).append(question)
        if len(groups) <= _MOST_VALUES:
            found += [
                _slice(item, name, value, rows, tuned, base)
                for value, rows in sorted(groups.items())
                if len(rows) >= _FEWEST_ROWS
            ]
    return found


def mean_of(item: Criterion, questions: Sequence[Question], answers: Answers) -> float:
    """The metric's mean over rows, on its own scale."""
    found = [weighed(item, question, answers[question.id]) for question in questions]
    return scale_of(item.metric)[1](_ratio(found))


def slice_gap(item: Criterion, slices: Sequence[Slice], overall: float) -> float | None:
    """By how much the worst slice is below all rows; none for a metric that is no share."""
    if METRICS[item.metric][2] != 1.0 or not slices:
        return None
    return max(item.sign * (overall - each.tuned) for each in slices)


def cases(item: Criterion, questions: Sequence[Question], tuned: Answers, base: Answers) -> list[Case]:
    """Every question with both answers, what was lost by most first."""
    found = [
        Case(
            id=question.id,
            asked=question.asked,
            reference=question.references[0],
            tuned=tuned[question.id].text,
            base=base[question.id].text,
            gain=gain(item, question, tuned[question.id], base[question.id]).value,
        )
        for question in asked_of(item, questions)
    ]
    return sorted(found, key=lambda case: case.gain)


def _slice(item: Criterion, name: str, value: str, rows: Sequence[Question], tuned: Answers, base: Answers) -> Slice:
    gains = [gain(item, question, tuned[question.id], base[question.id]).value for question in rows]
    return Slice(
        name=name,
        value=value,
        rows=len(rows),
        tuned=mean_of(item, rows, tuned),
        base=mean_of(item, rows, base),
        wins=sum(each > 0 for each in gains),
        ties=sum(each == 0 for each in gains),
        losses=sum(each < 0 for each in gains),
    )


def _ratio(found: Sequence[Weighed]) -> float:
    return sum(each.value for each in found) / sum(each.weight for each in found)
