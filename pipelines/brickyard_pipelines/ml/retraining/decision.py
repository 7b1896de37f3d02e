"""Train again? Pure: metrics of windows and earlier starts in, one decision with its reason out.

What is not measured breaks nothing: a broken monitor must not retrain. It is said, though.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_pipelines.ml.monitoring.known_metrics import breach_is_above
from brickyard_pipelines.ml.monitoring.windows import end_of, later
from brickyard_pipelines.ml.project.retraining import Limit, Retraining


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A metric of a whole window, and how many rows stand behind it."""

    metric: str
    window_start: dt.datetime
    value: float
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """An earlier start: which window it was decided at, and by which token."""

    window_start: dt.datetime
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What a decision looks at. `under_way` is the run of the training job that has not ended, if there is one."""

    granularity: str
    min_rows: int
    champion: str | None
    measured: Sequence[Measured]
    starts: Sequence[Start] = ()
    under_way: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """A limit that is broken, in words."""

    metric: str
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What was decided at which window, and why. `token` is the same for the same breach of the same champion."""

    retrain: bool
    reason: str
    window_start: dt.datetime | None = None
    breaches: tuple[Breach, ...] = ()
    unmeasured: tuple[str, ...] = ()
    token: str = ""


def decide(policy: Retraining, situation: Situation) -> Decision:
    """Breach first, then what holds a start back: no champion, the same breach, a run under way, cool-down, budget.

    *Shapes*: `measured` has one row per metric and window, of the whole table, in any order.
    """
    enough = [each for each in situation.measured if each.rows >= situation.min_rows]
    if not policy.limits:
        return Decision(retrain=False, reason="workflow.retraining names no limit")
    if not enough:
        return Decision(retrain=False, reason=f"no window of {situation.min_rows} rows or more is measured yet")
    newest = max(each.window_start for each in enough)
    breaches, unmeasured = _broken(policy.limits, enough, newest, situation.granularity)
    told = f"; not measured: {', '.join(unmeasured)}" if unmeasured else ""
    token = _token(situation.champion, newest, breaches)
    held = _held_back(policy, situation, newest, token) if breaches else "every limit is kept"
    said = "; ".join(breach.said for breach in breaches)
    return Decision(
        retrain=not held,
        reason=" but ".join(filter(None, (said, held))) + told,
        window_start=newest,
        breaches=breaches,
        unmeasured=unmeasured,
        token=token if breaches else "",
    )


def _broken(
    limits: Sequence[Limit], measured: Sequence[Measured], newest: dt.datetime, granularity: str
) -> tuple[tuple[Breach, ...], tuple[str, ...]]:
    """Broken limits, and metrics that no window in question has."""
    breaches, unmeasured = [], []
    for limit in limits:
        seen = {
            each.window_start: each
            for each in measured
            if each.metric == limit.metric and later(granularity, each.window_start, limit.windows) > newest
        }
        bad = [each for _, each in sorted(seen.items()) if _breaks(limit, each.value)]
        if not seen:
            unmeasured.append(limit.metric)
        elif len(bad) >= limit.breaches:
            breaches.append(Breach(metric=limit.metric, said=_said(limit, bad, len(seen))))
    return tuple(breaches), tuple(unmeasured)


def _breaks(limit: Limit, value: float) -> bool:
    """Not a number breaks: it is no quality at all."""
    return not (value <= limit.threshold if breach_is_above(limit.metric) else value >= limit.threshold)


def _said(limit: Limit, bad: Sequence[Measured], seen: int) -> str:
    side = "above" if breach_is_above(limit.metric) else "below"
    worst = bad[-1]
    return (
        f"{limit.metric} {worst.value:.4g} is {side} {limit.threshold:g} in {len(bad)} of {seen} windows,"
        f" last {worst.window_start:%Y-%m-%d} with {worst.rows} rows"
    )


def _held_back(policy: Retraining, situation: Situation, newest: dt.datetime, token: str) -> str:
    """Why nothing starts although a limit is broken; empty when it does."""
    if situation.champion is None:
        return "no version is champion: the first is trained by hand or by schedule"
    if any(start.token == token for start in situation.starts):
        return "this breach has started a run already"
    if situation.under_way is not None:
        return f"run {situation.under_way} of the training job is under way"
    ends = end_of(situation.granularity, newest)
    for start in situation.starts:
        free = later(situation.granularity, end_of(situation.granularity, start.window_start), policy.cooldown_windows)
        if ends < free:
            return f"the cool-down lasts until a window ends at {free:%Y-%m-%d %H:%M}"
    spent = [
        s for s in situation.starts if later(situation.granularity, s.window_start, policy.budget_windows) > newest
    ]
    if len(spent) >= policy.max_starts:
        return f"the budget of {policy.max_starts} starts in {policy.budget_windows} windows is spent"
    return ""


def _token(champion: str | None, newest: dt.datetime, breaches: Sequence[Breach]) -> str:
    facts = [champion, newest.isoformat(), sorted(breach.metric for breach in breaches)]
    return "retrain-" + hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:40]
