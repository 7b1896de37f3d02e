"""What is asked of every model alike: from a JSONL file, or of rows that were held out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers
from brickyard_pipelines.finetuning.rows.messages import message_of
from brickyard_pipelines.finetuning.rows.refusals import RowRefused
from brickyard_pipelines.finetuning.sources.files import jsonl

_MAX_BYTES = 4_000_000
_OWN = ("id", "reference", "prompt", "messages", "choices")
_FIX = 'Write {"id": …, "prompt": "…", "reference": "…"}.'


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked, and what counts as right.

    *Shapes*: `messages` as chat templates take them, empty where a text is only to be predicted; `choices` hold the
    reference; `slices` are names and values; questions of one `cluster`, such as a conversation, belong together.
    """

    id: str
    references: tuple[str, ...]
    slices: Mapping[str, str]
    cluster: str
    messages: tuple[Mapping[str, Any], ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """The last thing that was said to the model."""
        return str(self.messages[-1]["content"]) if self.messages else ""


def read_questions(path: Path, *, cluster_by: str | None) -> list[Question]:
    """Questions of a JSONL file: `id`, `reference` (a text, or a list of them), and any slices.

    Where a model is asked, a `prompt` or `messages` too, and `choices` where it is to choose.

    Errors: UnusableAnswers when a line is none, an id is there twice, or there is no line.
    """
    questions: dict[str, Question] = {}
    problems: list[Problem] = []
    for found in jsonl(path, max_bytes=_MAX_BYTES):
        where, refusal = f"{path.name}:{found.line}", found.refusal
        if refusal is not None:
            problems.append(Problem(where=where, got=refusal.got, rule=refusal.rule, fix=refusal.fix))
            continue
        try:
            question = _question(found.document, cluster_by)
            if question.id in questions:
                raise _Unusable(f"the id {question.id!r} twice", "ids are unique", "Rename one.")  # noqa: TRY301
        except _Unusable as error:
            problems.append(Problem(where=where, got=error.got, rule=error.rule, fix=error.fix))
            continue
        questions[question.id] = question
    if not questions and not problems:
        fix = "Write one per line."
        problems.append(Problem(where=path.name, got="no line", rule="there are questions", fix=fix))
    if problems:
        raise UnusableAnswers(problems)
    return list(questions.values())


def require_asked(questions: Sequence[Question], path: str) -> None:
    """Errors: UnusableAnswers when a question asks nothing, so that no model can answer it."""
    silent = [question.id for question in questions if not question.messages]
    if silent:
        got = f"neither prompt nor messages in {len(silent)} questions, {silent[0]!r} among them"
        raise UnusableAnswers([Problem(where=path, got=got, rule="a model is asked something", fix=_FIX)])


class _Unusable(Exception):
    """Raised for one line: what was got, the rule, the fix."""

    def __init__(self, got: str, rule: str, fix: str = _FIX) -> None:
        self.got, self.rule, self.fix = got, rule, fix
        super().__init__(got)


def _question(document: Mapping[str, Any], cluster_by: str | None) -> Question:
    if missing := [key for key in ("id", cluster_by) if key is not None and key not in document]:
        raise _Unusable(f"no {missing[0]}", f"a question has an id{', and ' + cluster_by if cluster_by else ''}")
    references, messages = _references(document.get("reference")), _messages(document)
    name = str(document["id"])
    return Question(
        id=name,
        references=references,
        slices={key: str(value) for key, value in document.items() if key not in _OWN},
        cluster=name if cluster_by is None else str(document[cluster_by]),
        messages=messages,
        choices=_choices(document.get("choices", []), references),
    )


def _references(given: Any) -> tuple[str, ...]:
    references = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if not references or not all(isinstance(text, str) for text in references):
        raise _Unusable(f"{json.dumps(given)[:40]} as reference", "a reference is a text, or a list of texts")
    return tuple(references)


def _choices(given: Any, references: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(text, str) and text for text in given):
        raise _Unusable(f"{json.dumps(given)[:40]} as choices", "choices are texts", "Write a list of them.")
    if given and (len(set(given)) < 2 or not set(references) & set(given)):
        rule = "there are two choices at least, and a reference is among them"
        raise _Unusable(json.dumps(given)[:60], rule, "Correct the choices.")
    return tuple(given)


def _messages(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    prompt, messages = document.get("prompt"), document.get("messages")
    if prompt is not None and messages is not None:
        raise _Unusable("prompt and messages", "a question is one of them", "Keep one.")
    if prompt is not None:
        if not isinstance(prompt, str) or not prompt:
            raise _Unusable(json.dumps(prompt)[:40], "a prompt is a text")
        return ({"role": "user", "content": prompt},)
    return () if messages is None else _turns(messages)


def _turns(messages: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(messages, list) or not messages:
        raise _Unusable(json.dumps(messages)[:40], "messages are a list of them")
    try:
        turns = [message_of(each, number) for number, each in enumerate(messages)]
    except RowRefused as error:
        raise _Unusable(error.refusal.got, error.refusal.rule, error.refusal.fix) from error
    if turns[-1].role == "assistant":
        fix = "End with the user's turn; the assistant's is the reference."
        raise _Unusable("an assistant's turn last", "the model answers the last turn", fix)
    return tuple(turn.as_json() for turn in turns)
