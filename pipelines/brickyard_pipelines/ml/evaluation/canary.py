"""Does a canary answer as well as the champion? Pure, and no answer is a no."""

from dataclasses import dataclass
from typing import Literal

from brickyard_pipelines.ml.project import Canary
from brickyard_pipelines.ml.registry.endpoint_metrics import Counts

_LEAST_MS = 1.0  # what is faster is not told apart


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether to wait, to let it take over, or to give the traffic back; and why."""

    word: Literal["wait", "keep", "back_off"]
    said: str


def decide(plan: Canary, champion: Counts, canary: Counts, *, is_over: bool) -> Decision:
    """Look at what both have answered since the traffic was split.

    Errors that the least number of requests could not make good again end it early; latency is judged at the end.

    >>> plan = Canary(percent=10, minutes=5, max_error_rate=0.1, min_requests=10)
    >>> decide(plan, Counts(), Counts(requests=3, server_errors=2), is_over=False).said
    '2 of 3 requests were answered with 5xx; at most 10% may be'
    """
    allowed = plan.max_error_rate * max(canary.requests, plan.min_requests)
    if canary.server_errors > allowed:
        return Decision(word="back_off", said=_too_many("5xx", canary.server_errors, canary, plan.max_error_rate))
    usual = champion.client_errors / champion.requests if champion.requests else 0.0
    if canary.client_errors > allowed + usual * max(canary.requests, plan.min_requests):
        rate = plan.max_error_rate + usual
        return Decision(word="back_off", said=_too_many("4xx", canary.client_errors, canary, rate))
    if not is_over:
        return Decision(word="wait", said=f"{canary.requests:g} requests so far")
    if canary.requests < plan.min_requests:
        said = f"it answered {canary.requests:g} requests, {plan.min_requests} are needed to tell"
        return Decision(word="back_off", said=said)
    return _by_latency(plan, champion, canary)


def _by_latency(plan: Canary, champion: Counts, canary: Counts) -> Decision:
    errors = f"{canary.requests:g} requests, {canary.server_errors:g} of them 5xx"
    if plan.max_latency_ratio is None:
        return Decision(word="keep", said=errors)
    before, now = champion.mean_ms, canary.mean_ms
    if before is None or now is None:
        said = "the endpoint's metrics hold no latency of both; without max_latency_ratio it is not looked at"
        return Decision(word="back_off", said=said)
    speed = f"{now:.0f} ms on average beside the champion's {before:.0f} ms"
    if now / max(before, _LEAST_MS) > plan.max_latency_ratio:
        return Decision(word="back_off", said=f"{speed}; at most {plan.max_latency_ratio:g} times as long is allowed")
    return Decision(word="keep", said=f"{errors}, {speed}")


def _too_many(kind: str, errors: float, canary: Counts, rate: float) -> str:
    return f"{errors:g} of {canary.requests:g} requests were answered with {kind}; at most {rate:.0%} may be"
