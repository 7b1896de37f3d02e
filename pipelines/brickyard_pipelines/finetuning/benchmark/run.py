"""A benchmark: every candidate asked, one after the other, then all of them judged together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.benchmark.asking import Asked, ask
from brickyard_pipelines.finetuning.benchmark.judges import judged
from brickyard_pipelines.finetuning.benchmark.open_candidates import Offered
from brickyard_pipelines.finetuning.benchmark.report import benchmark_page
from brickyard_pipelines.finetuning.benchmark.standing import Standing, standings
from brickyard_pipelines.finetuning.candidates.protocol import Needs, needs_of
from brickyard_pipelines.finetuning.errors import Problem, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import line_of
from brickyard_pipelines.finetuning.evaluation.questions import Question, require_asked
from brickyard_pipelines.finetuning.outputs import alone, write_json, write_text
from brickyard_pipelines.finetuning.plan.criteria import Criteria


@dataclass(frozen=True, kw_only=True, slots=True)
class Questioned:
    """What is asked and judged by, and how long an answer may be; `facts` are told on the page."""

    title: str
    criteria: Criteria
    questions: Sequence[Question]
    max_new_tokens: int
    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What came of asking everybody, and the criteria that can be judged by; `left_out` says why others not."""

    asked: Mapping[str, Asked]
    identities: Mapping[str, Mapping[str, str]]
    criteria: Criteria
    left_out: Mapping[str, str]


def benchmark(what: Questioned, candidates: Sequence[Offered], output: Path, *, reference: str) -> list[Standing]:
    """The standings, the best first; answers, `benchmark.json` and `benchmark.html` are left in `output`.

    Errors: UnusableAnswers, UnusableCandidate, OutputTaken.
    """
    names = [candidate.name for candidate in candidates]
    if reference not in names:
        fix = f"One of {', '.join(names)}."
        rule = "the others are compared with one of the candidates"
        raise UnusableCandidate([Problem(where="--reference", got=reference, rule=rule, fix=fix)])
    with alone(output, "benchmark"):
        answers = ask_all(what, candidates, output / "answers", with_judges=True)
        what = replace(what, facts={**what.facts, **answers.left_out})
        found = standings(answers.criteria, what.questions, answers.asked, answers.identities, reference=reference)
        write_json(output / "benchmark.json", _document(what, found, reference))
        page = benchmark_page(what.title, answers.criteria, found, reference=reference, facts=what.facts)
        write_text(output / "benchmark.html", page)
    return found


def ask_all(what: Questioned, candidates: Sequence[Offered], folder: Path, *, with_judges: bool = False) -> Answers:
    """Everybody's answers, also as one file each, with what judges say of them: what was kept is not asked again.

    Errors: as `benchmark`.
    """
    needs = needs_of(what.criteria, max_new_tokens=what.max_new_tokens)
    if needs.words or needs.choices:
        require_asked(what.questions, what.title)
    asked: dict[str, Asked] = {}
    identities: dict[str, Mapping[str, str]] = {}
    for offered in candidates:
        asked[offered.name], identities[offered.name] = _ask_one(what, offered, needs, folder)
    criteria, left_out = what.criteria, dict[str, str]()
    if with_judges:
        asked, criteria, left_out = judged(what.criteria, what.questions, asked, folder)
    for name, each in asked.items():
        lines = [line_of(*item) for item in each.answers.items()]
        write_text(folder / f"{name}.jsonl", "".join(f"{line}\n" for line in lines))
    return Answers(asked=asked, identities=identities, criteria=criteria, left_out=left_out)


def _ask_one(what: Questioned, offered: Offered, needs: Needs, folder: Path) -> tuple[Asked, Mapping[str, str]]:
    with offered.opened() as candidate:
        found = ask(candidate, what.questions, needs, folder / offered.name, price=offered.price)
        return found, candidate.identity


def _document(what: Questioned, found: Sequence[Standing], reference: str) -> dict[str, Any]:
    return {
        "title": what.title,
        "reference": reference,
        "questions": len(what.questions),
        "facts": dict(what.facts),
        "candidates": [standing.document() for standing in found],
    }
