"""criteria.yaml's `judge`: a language model that says which of two answers is better. Never needed to pass by default.

The prompt stands in the file itself, so that the hash of the criteria, which registration compares, is of it too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

JUDGE = "judge"
PLACES = ("{question}", "{first}", "{second}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Who is asked, and what. `model` is what the endpoint must say that it answered with, where it is stated.

    *Units*: tokens.
    """

    endpoint: str
    prompt: str
    model: str | None = None
    max_tokens: int = 256


def problems(judge: Judge | None, metric: str, path: str) -> Iterator[tuple[str, str, str, str]]:
    """What does not hold: path, what was got, the rule, the fix."""
    if (metric == JUDGE) != (judge is not None):
        got = f"judge {'given' if judge else 'left out'} with {metric}"
        yield f"{path}.judge", got, "the metric judge, and nothing else, takes it", "Add or remove judge."
    if judge is None:
        return
    for place in PLACES:
        if judge.prompt.count(place) != 1:
            got = f"{place} {judge.prompt.count(place)} times"
            fix = "Write where the question and the two answers stand."
            yield f"{path}.judge.prompt", got, f"it holds {', '.join(PLACES)} once each", fix
    if not judge.endpoint.strip():
        yield f"{path}.judge.endpoint", repr(judge.endpoint), "an endpoint has a name", "Name a serving endpoint."
    if judge.max_tokens < 16:
        yield f"{path}.judge.max_tokens", repr(judge.max_tokens), "a verdict takes 16 tokens at least", "Raise it."
