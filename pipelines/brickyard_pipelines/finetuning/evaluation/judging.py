"""What a judge is asked about an answer, and what its words mean: parsed strictly, or they are no verdict. Pure.

Each answer is shown beside the reference twice, first and second, since judges favour a place. The number of an answer
is the mean of both: 1 where it is preferred, 0 where the reference is, half where the two are equal or the judge
contradicts itself. Source: Zheng et al. 2023, arXiv:2306.05685 (position bias, swapping)
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.plan.judge import PLACES, Judge

_PLACE = re.compile("|".join(map(re.escape, PLACES)))
_VALUES = {"first": 1.0, "tie": 0.5, "second": 0.0}
_ORDERS = ("first", "second")
WANTED = '{"better": "first"}, {"better": "second"} or {"better": "tie"}, with a "reason" or without'


def comparisons(judge: Judge, questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[Question]:
    """Two questions to the judge about each answer, by the place that the answer stands in."""
    return [
        Question(
            id=f"{question.id}#{order}",
            references=question.references,
            slices={},
            cluster=question.cluster,
            messages=({"role": "user", "content": _asked(judge, question, answers[question.id].text, order)},),
        )
        for question in questions
        for order in _ORDERS
    ]


def numbers(
    said: Mapping[str, Answer], failed: Mapping[str, str], questions: Sequence[Question]
) -> tuple[dict[str, float], dict[str, str]]:
    """The number of each answer by its question, and why there is none: what is no verdict is no number either."""
    found: dict[str, float] = {}
    wrong: dict[str, str] = {}
    for question in questions:
        names = [f"{question.id}#{order}" for order in _ORDERS]
        values = [None if name in failed else preferred(said[name].text) for name in names]
        reasons = [
            failed.get(name) or f"{said[name].text[:80]!r} is none of {WANTED}"
            for name, value in zip(names, values, strict=True)
            if value is None
        ]
        if reasons:
            wrong[question.id] = reasons[0]
        else:
            first, second = (value or 0.0 for value in values)
            found[question.id] = (first + 1.0 - second) / 2
    return found, wrong


def preferred(text: str) -> float | None:
    """1 where the first is better, 0 where the second is, half for a tie; None for anything but a verdict.

    >>> preferred('{"better": "first", "reason": "shorter"}')
    1.0
    >>> preferred("The first one is better.") is None
    True
    """
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not document.keys() <= {"better", "reason"}:
        return None
    better = document.get("better")
    return _VALUES.get(better) if isinstance(better, str) else None


def _asked(judge: Judge, question: Question, answer: str, order: str) -> str:
    """The prompt with its places filled in one pass: what an answer says is never taken for a place."""
    pair = (answer, question.references[0])
    first, second = pair if order == "first" else pair[::-1]
    filled = dict(zip(PLACES, (question.asked, first, second), strict=True))
    return _PLACE.sub(lambda found: filled[found[0]], judge.prompt)
