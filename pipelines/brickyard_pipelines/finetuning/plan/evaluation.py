"""plan.yaml's `evaluation`: what is asked, of which models beside the base models, and what their answers cost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from brickyard_pipelines.finetuning.plan import model_names

TUNED = "tuned"  # what the trained model is called in every table
CHAMPION = "champion"  # and the version that serves by now
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KINDS = ("path", "endpoint", "model", "answers", "lm_eval")


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What answers cost, as the customer's contract says: per million tokens, or per hour of the machine, or both.

    *Units*: the plan's `hardware.currency`.
    """

    input_per_million: float = 0.0
    output_per_million: float = 0.0
    per_hour: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateSource:
    """A model that is asked: a folder, an endpoint, a model of Unity Catalog (`c.s.m/3`, `c.s.m@alias`), a file.

    `lm_eval` is a file of samples that lm-eval wrote.
    """

    name: str
    path: str | None = None
    endpoint: str | None = None
    model: str | None = None
    answers: str | None = None
    lm_eval: str | None = None
    price: Price | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Questions are the `test` rows of the prepared data, or a file; `general` is what training must not harm."""

    questions: str | None = None
    general: str | None = None
    candidates: tuple[CandidateSource, ...] = ()
    max_new_tokens: int = 256
    batch_size: int = 8
    memorisation_rows: int = 100


def problems(found: Evaluation, base_models: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    """What does not hold: path, what was got, the rule, the fix."""
    for name, least in (("max_new_tokens", 1), ("batch_size", 1), ("memorisation_rows", 0)):
        value = getattr(found, name)
        if value < least:
            yield f"evaluation.{name}", repr(value), f"it is at least {least}", "Raise it."
    for number, name in enumerate(base_models):
        yield from _of_name(name, f"base_models[{number}].name", {TUNED, CHAMPION})
    taken = {*base_models, TUNED, CHAMPION}
    for number, candidate in enumerate(found.candidates):
        path = f"evaluation.candidates[{number}]"
        yield from _of_one(candidate, path)
        yield from _of_name(candidate.name, f"{path}.name", taken)
        taken.add(candidate.name)


def _of_name(name: str, path: str, taken: set[str]) -> Iterator[tuple[str, str, str, str]]:
    if not _NAME.fullmatch(name):
        rule = "a name is letters, digits, . _ and -, since its answers' file is called so"
        yield path, repr(name), rule, "Rename it."
    if name in taken:
        rule = "base models, candidates, `tuned` and `champion` have names of their own"
        yield path, repr(name), rule, "Rename it."


def _of_one(candidate: CandidateSource, path: str) -> Iterator[tuple[str, str, str, str]]:
    given = [kind for kind in _KINDS if getattr(candidate, kind) is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none of them"
        yield path, got, f"a candidate is one of {', '.join(_KINDS)}", "Keep exactly one."
    yield from model_names.problems(candidate.model, f"{path}.model")
    if candidate.price is not None:
        for name in ("input_per_million", "output_per_million", "per_hour"):
            value = getattr(candidate.price, name)
            if not 0 <= value < float("inf"):
                yield f"{path}.price.{name}", repr(value), "a price is not negative", "Correct it."
