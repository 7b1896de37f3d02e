"""Answers of a model, as JSONL: a line each, with `id` and `answer`, and what was measured while answering."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.sources.files import jsonl

_MAX_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a model said, and what was measured; None where it was not.

    *Units*: seconds; `latency_s` is how long who asked has waited, `busy_s` the answer's share of the machine's time;
    `nll` is minus the log-likelihood (nats) of the reference, of `scored_tokens` tokens; `cost` in the plan's currency.
    `chosen` is the choice that is likeliest; `judged` what judges say, by criterion.
    `stopped` is False where an answer was cut off at the most tokens.
    """

    text: str
    latency_s: float | None = None
    busy_s: float | None = None
    stopped: bool | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    nll: float | None = None
    scored_tokens: int | None = None
    chosen: str | None = None
    cost: float | None = None
    judged: Mapping[str, float] | None = None


_MEASURED = tuple(each.name for each in fields(Answer) if each.name != "text")


def line_of(name: str, answer: Answer) -> str:
    """An answer as it is kept: a line of JSON, without what was not measured.

    >>> line_of("1", Answer(text="Paris", latency_s=0.5))
    '{"id": "1", "answer": "Paris", "latency_s": 0.5}'
    """
    document = {"id": name, "answer": answer.text}
    measured = {key: value for key, value in asdict(answer).items() if key != "text" and value is not None}
    return json.dumps({**document, **measured}, ensure_ascii=False)


def read_answers(path: Path, questions: Sequence[Question]) -> dict[str, Answer]:
    """The answers to all questions, by id.

    Errors: UnusableAnswers when a line is no answer, an id is unknown or twice, or a question has none.
    """
    answers = read_given(path, questions)
    missing = sorted({question.id for question in questions} - answers.keys())
    if missing:
        got, fix = f"no answer to {len(missing)} questions, {missing[0]!r} among them", "Answer every question."
        raise UnusableAnswers(
            [Problem(where=path.name, got=got, rule="models are compared on the same questions", fix=fix)]
        )
    return answers


def read_given(path: Path, questions: Sequence[Question]) -> dict[str, Answer]:
    """As `read_answers`, with questions that nobody has answered yet."""
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
    for key in _MEASURED:
        if not _fits(key, document.get(key)):
            got = f"{key} {document[key]!r}"
            rule = "seconds, tokens and costs are numbers, stopped is true or false, chosen a text, judged 0 to 1"
            return Problem(where=where, got=got, rule=rule, fix="Correct it, or leave it out.")
    return None


def _fits(key: str, value: object) -> bool:
    if value is None:
        return True
    if key == "stopped":
        return isinstance(value, bool)
    if key == "chosen":
        return isinstance(value, str)
    if key == "judged":
        return isinstance(value, dict) and all(_is_number(each) and each <= 1 for each in value.values())
    return _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _answer(document: Mapping[str, object]) -> Answer:
    measured = {key: document[key] for key in _MEASURED if document.get(key) is not None}
    return Answer(text=str(document["answer"]), **measured)  # type: ignore[arg-type] # each was looked at
