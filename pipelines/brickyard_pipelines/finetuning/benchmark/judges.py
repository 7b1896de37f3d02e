"""Judges asked about everybody's answers; kept batch by batch, so that whoever is killed goes on where it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brickyard_pipelines.finetuning.benchmark.asking import Asked, ask
from brickyard_pipelines.finetuning.candidates.endpoint import Endpoint, workspace_post
from brickyard_pipelines.finetuning.candidates.protocol import Candidate, Needs
from brickyard_pipelines.finetuning.evaluation import judging
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.plan.criteria import Criteria, Criterion
from brickyard_pipelines.finetuning.plan.judge import Judge

_AT_ONCE = 4


def endpoint_of(judge: Judge) -> Candidate:
    """The judge as whoever else is asked.

    Errors: UnusableCandidate where no workspace can be reached.
    """
    post = workspace_post(judge.endpoint)
    return Endpoint("judge", judge.endpoint, post, batch_size=4 * _AT_ONCE, concurrency=_AT_ONCE, model=judge.model)


def judged(
    criteria: Criteria,
    questions: Sequence[Question],
    asked: Mapping[str, Asked],
    folder: Path,
    *,
    opened: Callable[[Judge], Candidate] = endpoint_of,
) -> tuple[dict[str, Asked], Criteria, dict[str, str]]:
    """Answers with what every judge says of them, the criteria that can be judged by, and why others not.

    A judge's error is no number. A criterion that has to be met then leaves its candidate unjudged, as a question
    without an answer does; one that has not is left out for everybody, and said.
    """
    found, left_out = dict(asked), dict[str, str]()
    for item in criteria.criteria:
        wrong: dict[str, str] = {}
        for name in [name for name, each in asked.items() if item.judge is not None and not each.failed]:
            scores, missing = _said(opened, item, questions, found[name], folder / f"{name}.judged-{item.name}")
            found[name] = _told(found[name], item, scores, missing)
            wrong |= {f"{name}, question {number!r}: {why}": name for number, why in missing.items()}
        if wrong and not item.decides:
            left_out[item.name] = f"{len(wrong)} answers without a verdict; {next(iter(wrong))}"
    kept = tuple(item for item in criteria.criteria if item.name not in left_out)
    told = {f"criterion {name}": why for name, why in left_out.items()}
    return found, replace(criteria, criteria=kept), told


def _said(
    opened: Callable[[Judge], Candidate], item: Criterion, questions: Sequence[Question], asked: Asked, folder: Path
) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers of one candidate's answers by one judge, and why there are none."""
    if item.judge is None:
        return {}, {}
    needs = Needs(words=True, perplexity=False, choices=False, max_new_tokens=item.judge.max_tokens)
    said = ask(opened(item.judge), judging.comparisons(item.judge, questions, asked.answers), needs, folder)
    return judging.numbers(said.answers, said.failed, questions)


def _told(asked: Asked, item: Criterion, scores: Mapping[str, float], missing: Mapping[str, str]) -> Asked:
    """The answers with a criterion's numbers; where it has to be met, a missing one is a question without an answer."""
    answers = {
        name: replace(answer, judged={**(answer.judged or {}), item.name: scores[name]}) if name in scores else answer
        for name, answer in asked.answers.items()
    }
    failed = {name: f"judge {item.name}: {why}" for name, why in missing.items()} if item.decides else {}
    return Asked(answers=answers, failed={**asked.failed, **failed})
