"""From answers to the facts that the rules look at. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from brickyard_pipelines.finetuning.benchmark.standing import Standing
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.judgement import Difference, Outcome, asked_of
from brickyard_pipelines.finetuning.evaluation.measures import PERPLEXITY
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.evaluation.text_metrics import normalised_match, refusal
from brickyard_pipelines.finetuning.interpretation.close_up import Slice, mean_of, slice_gap, weightiest
from brickyard_pipelines.finetuning.plan.criteria import Criteria, Criterion
from brickyard_pipelines.finetuning.plan.evaluation import TUNED

Answers = Mapping[str, Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything that was answered and judged. `general` is None where nobody asked."""

    criteria: Criteria
    questions: Sequence[Question]
    standings: Sequence[Standing]
    tuned: Answers
    base: Answers
    slices: Sequence[Slice]
    general: Sequence[Difference] | None
    learnt: Sequence[Question]
    learnt_answers: Answers
    train_rows: int
    pretrained: bool


def facts_of(seen: Seen) -> dict[str, float]:
    """The facts by the names of `rules.FACTS`; what was not measured is not there."""
    tuned = next(each for each in seen.standings if each.name == TUNED)
    return {
        **_criteria(seen.criteria, tuned.outcomes),
        **_gains(tuned.differences),
        **_rivals(seen, tuned),
        **_learning(seen),
        **_answers(seen),
        "train_rows": float(seen.train_rows),
        "test_rows": float(len(seen.questions)),
        "pretrained": float(seen.pretrained),
        **({} if seen.general is None else {"general_worse": _count(seen.general, "worse")}),
    }


def _criteria(criteria: Criteria, outcomes: Sequence[Outcome]) -> dict[str, float]:
    weights = {item.name: item.weight for item in criteria.criteria}
    metrics = {item.name: item.metric for item in criteria.criteria}
    total = sum(weights.values())
    shares = {
        word: sum(weights[each.criterion] for each in outcomes if each.verdict == word) / total
        for word in ("met", "missed", "no decision")
    }
    missed = [each for each in outcomes if each.verdict == "missed" and metrics[each.criterion] == PERPLEXITY]
    return {
        "weight_met": shares["met"],
        "weight_missed": shares["missed"],
        "weight_undecided": shares["no decision"],
        "rows_needed": float(max((each.rows_needed for each in outcomes), default=0)),
        "perplexity_missed": float(len(missed)),
    }


def _gains(over_base: Sequence[Difference]) -> dict[str, float]:
    return {"better": _count(over_base, "better"), "worse": _count(over_base, "worse")}


def _rivals(seen: Seen, tuned: Standing) -> dict[str, float]:
    """Other candidates; that one is better shows in how both stand beside the base."""
    others = [each for each in seen.standings if each.name != TUNED and each.outcomes]
    gains = {each.criterion: each.mean for each in tuned.differences}
    better = 0
    for other in others:
        apart = [
            (each.mean.low > gains[each.criterion].high, each.mean.high < gains[each.criterion].low)
            for each in other.differences
            if each.criterion in gains
        ]
        better += any(above for above, _ in apart) and not any(below for _, below in apart)
    return {
        "rivals_meeting": float(sum(each.met >= 1 for each in others)),
        "rivals_better": float(better),
    }


def _learning(seen: Seen) -> dict[str, float]:
    """The same measure on untouched rows and on rows that were learnt from."""
    item = weightiest(seen.criteria)
    untouched = asked_of(item, seen.questions)
    found = {"test_shortfall": _shortfall(item, mean_of(item, untouched, seen.tuned))}
    if seen.learnt and not item.slice:
        found["train_shortfall"] = _shortfall(item, mean_of(item, seen.learnt, seen.learnt_answers))
    asked = [question for question in seen.questions if question.messages]
    if seen.learnt and asked and all(question.messages for question in seen.learnt):
        found["memorised_train"] = _share(seen.learnt, seen.learnt_answers, _word_for_word)
        found["memorised_test"] = _share(asked, seen.tuned, _word_for_word)
        found["memorised_gap"] = found["memorised_train"] - found["memorised_test"]
    gap = slice_gap(item, seen.slices, mean_of(item, untouched, seen.tuned))
    return found if gap is None else {**found, "slice_gap": gap}


def _answers(seen: Seen) -> dict[str, float]:
    said = [seen.tuned[question.id] for question in seen.questions]
    found = {}
    if all(answer.stopped is not None for answer in said):
        found["stopped"] = sum(bool(answer.stopped) for answer in said) / len(said)
    if any(answer.text for answer in said):
        declined = (_share(seen.questions, answers, _declines) for answers in (seen.tuned, seen.base))
        tuned, base = declined
        found["refusal_rise"] = tuned - base
    return found


def _shortfall(item: Criterion, mean: float) -> float:
    return item.sign * (item.threshold - mean)


def _share(questions: Sequence[Question], answers: Answers, holds: Callable[[Question, Answer], bool]) -> float:
    return sum(holds(question, answers[question.id]) for question in questions) / len(questions)


def _word_for_word(question: Question, answer: Answer) -> bool:
    return any(normalised_match(answer.text, reference) for reference in question.references)


def _declines(_question: Question, answer: Answer) -> bool:
    return bool(refusal(answer.text, ""))


def _count(found: Sequence[Difference], word: str) -> float:
    return float(sum(each.verdict == word for each in found))
