"""What answering took, of all answers of a candidate together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brickyard_pipelines.finetuning.evaluation.answers import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """Nothing of it where it was not measured. *Units*: seconds, tokens per second of the machine, the plan's currency.

    `cut_off` is the share of answers that reached the most tokens without a stop.
    """

    latency_p50_s: float | None = None
    latency_p99_s: float | None = None
    tokens_per_second: float | None = None
    answer_tokens: int | None = None
    cost: float | None = None
    cut_off: float | None = None


def taken(answers: Sequence[Answer]) -> Taken:
    """The summary; a number stands for all answers or is left out.

    >>> taken([Answer(text="a", latency_s=1.0, busy_s=0.5, answer_tokens=4)]).tokens_per_second
    8.0
    """
    waits, busy = _all(answers, "latency_s"), _all(answers, "busy_s")
    tokens, stopped = _all(answers, "answer_tokens"), _all(answers, "stopped")
    costs = _all(answers, "cost")
    return Taken(
        latency_p50_s=float(np.quantile(waits, 0.5)) if waits else None,
        latency_p99_s=float(np.quantile(waits, 0.99)) if waits else None,
        tokens_per_second=sum(tokens) / sum(busy) if tokens and busy and sum(busy) > 0 else None,
        answer_tokens=int(sum(tokens)) if tokens else None,
        cost=sum(costs) if costs else None,
        cut_off=1 - sum(stopped) / len(stopped) if stopped else None,
    )


def _all(answers: Sequence[Answer], name: str) -> list[float]:
    """The numbers of all answers; none where one of them has none."""
    found = [getattr(answer, name) for answer in answers]
    return [] if any(each is None for each in found) else [float(each) for each in found]
