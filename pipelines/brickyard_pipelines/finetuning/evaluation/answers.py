"""Answers of a model, from a file: JSONL with `id` and `answer`, and what was measured while answering."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers
from brickyard_pipelines.finetuning.sources.files import jsonl

_MAX_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of every model alike.

    *Shapes*: `slices` are names and values; questions of one `cluster`, such as a conversation, belong together.
    """

    id: str
    references: tuple[str, ...]
    slices: Mapping[str, str]
    cluster: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a model said. *Units*: seconds; None where it was not measured."""

    text: str
    latency_s: float | None = None
    stopped: bool | None = None


def read_questions(path: Path, *, cluster_by: str | None) -> list[Question]:
    """Questions of a JSONL file: `id`, `reference` (a text, or a list of them), and any slices.

    Errors: UnusableAnswers when a line is none, an id is there twice, or there is no line.
    """
    questions: dict[str, Question] = {}
    problems: list[Problem] = []
    for found in jsonl(path, max_bytes=_MAX_BYTES):
        where, refusal = f"{path.name}:{found.line}", found.refusal
        if refusal is not None:
            problems.append(Problem(where=where, got=refusal.got, rule=refusal.rule, fix=refusal.fix))
            continue
        question = _question(found.document, cluster_by)
        if question is None or question.id in questions:
            got = "no question" if question is None else f"the id {question.id!r} twice"
            rule = f"a question has an id of its own, a reference{f' and {cluster_by}' if cluster_by else ''}"
            problems.append(Problem(where=where, got=got, rule=rule, fix='Write {"id": …, "reference": "…"}.'))
        else:
            questions[question.id] = question
    if not questions and not problems:
        fix = "Write one per line."
        problems.append(Problem(where=path.name, got="no line", rule="there are questions", fix=fix))
    if problems:
        raise UnusableAnswers(problems)
    return list(questions.values())


def _question(document: Mapping[str, object], cluster_by: str | None) -> Question | None:
    given = document.get("reference")
    references = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if not references or not all(isinstance(text, str) for text in references):
        return None
    if "id" not in document or (cluster_by is not None and cluster_by not in document):
        return None
    name = str(document["id"])
    return Question(
        id=name,
        references=tuple(references),
        slices={key: str(value) for key, value in document.items() if key not in ("id", "reference")},
        cluster=name if cluster_by is None else str(document[cluster_by]),
    )


def read_answers(path: Path, questions: Sequence[Question]) -> dict[str, Answer]:
    """The answers to all questions, by id.

    Errors: UnusableAnswers when a line is no answer, an id is unknown or twice, or a question has none.
    """
    answers: dict[str, Answer] = {}
    known = {question.id for question in questions}
    problems: list[Problem] = []
    for found in jsonl(path, max_bytes=_MAX_BYTES):
        where = f"{path.name}:{found.line}"
        if found.refusal is not None:
            refusal = found.refusal
            problems.append(Problem(where=where, got=refusal.got, rule=refusal.rule, fix=refusal.fix))
            continue
        problem = _problem(where, found.document, known, answers)
        if problem is None:
            answers[str(found.document["id"])] = _answer(found.document)
        else:
            problems.append(problem)
    missing = sorted(known - answers.keys())
    if missing and not problems:
        got, fix = f"no answer to {len(missing)} questions, {missing[0]!r} among them", "Answer every question."
        problems.append(Problem(where=path.name, got=got, rule="models are compared on the same questions", fix=fix))
    if problems:
        raise UnusableAnswers(problems)
    return answers


def _problem(
    where: str, document: Mapping[str, object], known: set[str], answers: Mapping[str, Answer]
) -> Problem | None:
    name, text = str(document.get("id")), document.get("answer")
    if not isinstance(text, str):
        got = f"{json.dumps(text)[:40]} as answer"
        return Problem(where=where, got=got, rule="an answer is a text", fix='Write {"id": …, "answer": "…"}.')
    if name not in known:
        return Problem(where=where, got=f"the id {name!r}", rule="an answer has its question", fix="Correct the id.")
    if name in answers:
        return Problem(where=where, got=f"the id {name!r} twice", rule="a question has one answer", fix="Keep one.")
    latency, stopped = document.get("latency_s"), document.get("stopped")
    if not isinstance(latency, int | float | None) or not isinstance(stopped, bool | None):
        got = f"latency_s {latency!r}, stopped {stopped!r}"
        return Problem(where=where, got=got, rule="seconds, and true or false", fix="Correct or leave them out.")
    return None


def _answer(document: Mapping[str, object]) -> Answer:
    latency, stopped = document.get("latency_s"), document.get("stopped")
    return Answer(
        text=str(document["answer"]),
        latency_s=float(latency) if isinstance(latency, int | float) else None,
        stopped=stopped if isinstance(stopped, bool) else None,
    )
