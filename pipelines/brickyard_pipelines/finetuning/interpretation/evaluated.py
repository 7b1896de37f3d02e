"""What is asked in an evaluation, and everything that came of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from brickyard_pipelines.finetuning.benchmark.run import Questioned
from brickyard_pipelines.finetuning.benchmark.standing import Standing
from brickyard_pipelines.finetuning.evaluation.judgement import Difference
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.interpretation.close_up import Case, Slice
from brickyard_pipelines.finetuning.interpretation.rules import Advice
from brickyard_pipelines.finetuning.plan.criteria import Criteria
from brickyard_pipelines.ml.evaluation.verdict import Verdict

SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Untouched questions, a general set, and questions of rows that were learnt from; the last two may be empty."""

    untouched: Questioned
    general: Sequence[Question]
    learnt: Sequence[Question]
    train_rows: int
    pretrained: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """Everything that the report and the gate stand on."""

    title: str
    criteria: Criteria
    facts: Mapping[str, str]
    verdict: Verdict
    numbers: Mapping[str, float]
    advice: Sequence[Advice]
    standings: Sequence[Standing]
    over_base: Sequence[Difference]
    general: Sequence[Difference]
    slices: Sequence[Slice]
    cases: Sequence[Case]
    base: str

    def document(self) -> dict[str, Any]:
        """As it is kept, and as registration reads it."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "passed": self.verdict.passed,
            "reason": self.verdict.reason,
            "facts": dict(self.facts),
            "conditions": [asdict(each) for each in self.verdict.conditions],
            "numbers": dict(self.numbers),
            "advice": [asdict(each) for each in self.advice],
            "candidates": [each.document() for each in self.standings],
            "over_base": [asdict(each) for each in self.over_base],
            "general": [asdict(each) for each in self.general],
            "slices": [asdict(each) for each in self.slices],
            "base": self.base,
        }
