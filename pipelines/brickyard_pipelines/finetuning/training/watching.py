"""When training stops before its end: a loss that is no number or diverges, evaluations that gain nothing. Pure."""

import math
from collections.abc import Sequence

_WINDOW = 20


def broken(loss: float, gradient: float | None) -> str | None:
    """What is no finite number after a step; None where all is well.

    >>> broken(float("nan"), 1.0)
    'the loss is nan'
    """
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if gradient is not None and not math.isfinite(gradient):
        return f"the norm of the gradient is {gradient}"
    return None


def diverged(losses: Sequence[float]) -> str | None:
    """Whether the mean of the last 20 losses is above the first 20's and twice the lowest mean; None where it is not.

    >>> diverged([3.0] * 20 + [1.0] * 20) is None
    True
    >>> diverged([3.0] * 20 + [9.0] * 20)
    'the mean loss of the last 20 steps is 9, of the first 20 it was 3, and the lowest was 3'
    """
    if len(losses) < 2 * _WINDOW:
        return None
    first, last = _mean(losses, 0), _mean(losses, len(losses) - _WINDOW)
    if last <= first:
        return None
    lowest = min(_mean(losses, at) for at in range(0, len(losses) - _WINDOW + 1, _WINDOW))
    if last <= 2 * lowest:
        return None
    return (
        f"the mean loss of the last {_WINDOW} steps is {last:.4g}, of the first {_WINDOW} it was {first:.4g},"
        f" and the lowest was {lowest:.4g}"
    )


def without_gain(evaluations: Sequence[float]) -> int:
    """How many evaluations have passed since the lowest loss.

    >>> without_gain([3.0, 2.0, 2.5, 2.0])
    2
    """
    return len(evaluations) - 1 - evaluations.index(min(evaluations)) if evaluations else 0


def _mean(losses: Sequence[float], at: int) -> float:
    return math.fsum(losses[at : at + _WINDOW]) / _WINDOW
