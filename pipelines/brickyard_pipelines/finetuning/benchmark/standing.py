"""Candidates in a table: each judged by the criteria, compared with one of them, and put in an order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from brickyard_pipelines.finetuning.benchmark.asking import Asked
from brickyard_pipelines.finetuning.benchmark.summary import Taken, taken
from brickyard_pipelines.finetuning.evaluation.judgement import Difference, Outcome, compare_all, judge
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.plan.criteria import Criteria


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One candidate. `not_judged` says why there are no outcomes: a question without an answer judges nobody.

    `met` is the share of the criteria's weight that is met; `differences` are against the reference.
    """

    name: str
    identity: Mapping[str, str]
    taken: Taken
    outcomes: tuple[Outcome, ...] = ()
    differences: tuple[Difference, ...] = ()
    met: float = 0.0
    not_judged: str = ""

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def standings(
    criteria: Criteria,
    questions: Sequence[Question],
    asked: Mapping[str, Asked],
    identities: Mapping[str, Mapping[str, str]],
    *,
    reference: str,
) -> list[Standing]:
    """All candidates, the best first: by weight of criteria met, then in the order they were asked.

    Errors: UnusableAnswers when a criterion looks at what was not measured, or at a slice without rows.
    """
    whole = {name: each.answers for name, each in asked.items() if not each.failed}
    others = {name: answers for name, answers in whole.items() if name != reference}
    against = compare_all(criteria, questions, others, whole[reference]) if reference in whole else {}
    found = []
    for name, each in asked.items():
        outcomes = tuple(judge(criteria, questions, each.answers)) if name in whole else ()
        found.append(
            Standing(
                name=name,
                identity=identities[name],
                taken=taken(list(each.answers.values())),
                outcomes=outcomes,
                differences=tuple(against.get(name, ())),
                met=share_met(criteria, outcomes),
                not_judged=_why_not(each, len(questions)),
            )
        )
    return sorted(found, key=lambda standing: (bool(standing.not_judged), -standing.met))


def share_met(criteria: Criteria, outcomes: Sequence[Outcome]) -> float:
    """The share of the weight that is met."""
    weights = {item.name: item.weight for item in criteria.criteria}
    met = sum(weights[outcome.criterion] for outcome in outcomes if outcome.verdict == "met")
    return met / sum(weights.values())


def _why_not(asked: Asked, count: int) -> str:
    if not asked.failed:
        return ""
    name, reason = next(iter(asked.failed.items()))
    return f"{len(asked.failed)} of {count} questions have no answer, {name!r} among them: {reason}"
