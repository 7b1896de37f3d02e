"""criteria.yaml: what the customer wants of a model, each with metric, direction, threshold, weight and slice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from brickyard_pipelines.finetuning.plan import judge as judges
from brickyard_pipelines.finetuning.plan.judge import JUDGE, Judge

Direction = Literal["higher", "lower"]
# The metrics there are, which way is better, and the range of a threshold.
METRICS: Mapping[str, tuple[Direction, float, float]] = {
    "exact_match": ("higher", 0.0, 1.0),
    "normalised_match": ("higher", 0.0, 1.0),
    "token_f1": ("higher", 0.0, 1.0),
    "rouge_1": ("higher", 0.0, 1.0),
    "rouge_2": ("higher", 0.0, 1.0),
    "rouge_l": ("higher", 0.0, 1.0),
    "chrf": ("higher", 0.0, 1.0),
    "json_valid": ("higher", 0.0, 1.0),
    "schema_valid": ("higher", 0.0, 1.0),
    "regex_valid": ("higher", 0.0, 1.0),
    "refusal": ("lower", 0.0, 1.0),
    "stopped": ("higher", 0.0, 1.0),
    "words": ("lower", 0.0, float("inf")),
    "multiple_choice": ("higher", 0.0, 1.0),
    "perplexity": ("lower", 1.0, float("inf")),
    "latency_s": ("lower", 0.0, float("inf")),
    "tokens_per_second": ("higher", 0.0, float("inf")),
    "cost": ("lower", 0.0, float("inf")),
    JUDGE: ("higher", 0.0, 1.0),
}
_NEEDS = {"schema_valid": "json_schema", "regex_valid": "pattern"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """A bar that a model must clear: the mean of `metric` over the rows of `slice`.

    `required` says whether a model that does not clear it fails; left out, everything is but what a judge says.
    """

    name: str
    metric: str
    threshold: float
    direction: Direction | None = None
    weight: float = 1.0
    slice: dict[str, str] | None = None
    min_gain: float | None = None
    pattern: str | None = None
    json_schema: dict[str, Any] | None = None
    judge: Judge | None = None
    required: bool | None = None

    @property
    def decides(self) -> bool:
        """Whether a model must clear it to pass."""
        return self.metric != JUDGE if self.required is None else self.required

    @property
    def better(self) -> Direction:
        """Which way is better: as stated, or as the metric has it."""
        return self.direction or METRICS[self.metric][0]

    @property
    def sign(self) -> float:
        """Times this, more is always better."""
        return 1.0 if self.better == "higher" else -1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """All bars, and how sure a comparison must be."""

    criteria: tuple[Criterion, ...]
    confidence: float = 0.95
    power: float = 0.8
    cluster_by: str | None = None


def problems(criteria: Criteria) -> Iterator[tuple[str, str, str, str]]:
    """What does not hold: path, what was got, the rule, the fix."""
    if not any(item.decides for item in criteria.criteria):
        got = "none that is required" if criteria.criteria else "an empty list"
        yield "criteria", got, "a model is judged by at least one criterion", "Add one, or write required: true."
    for name, value in (("confidence", criteria.confidence), ("power", criteria.power)):
        if not 0.5 < value < 1:
            yield name, repr(value), "it lies between 0.5 and 1", "0.95 and 0.8 are usual."
    seen: dict[str, int] = {}
    for number, item in enumerate(criteria.criteria):
        path = f"criteria[{number}]"
        if item.name in seen:
            yield f"{path}.name", repr(item.name), "names are unique", f"criteria[{seen[item.name]}] has it too."
        seen[item.name] = number
        yield from _of_one(item, path)


def _of_one(item: Criterion, path: str) -> Iterator[tuple[str, str, str, str]]:
    if item.metric not in METRICS:
        yield f"{path}.metric", repr(item.metric), "it must be a metric that there is", f"One of {', '.join(METRICS)}."
        return
    _, low, high = METRICS[item.metric]
    if not low <= item.threshold <= high:
        yield f"{path}.threshold", repr(item.threshold), f"{item.metric} lies in {low:g} to {high:g}", "Move it there."
    if item.weight <= 0:
        yield f"{path}.weight", repr(item.weight), "a weight is above 0", "Leave out what does not count."
    if item.min_gain is not None and item.min_gain < 0:
        yield f"{path}.min_gain", repr(item.min_gain), "a gain is not negative", "0 asks for no loss."
    yield from _parameters(item, path)
    yield from judges.problems(item.judge, item.metric, path)


def _parameters(item: Criterion, path: str) -> Iterator[tuple[str, str, str, str]]:
    import re

    for metric, key in _NEEDS.items():
        given = getattr(item, key) is not None
        if (item.metric == metric) != given:
            got = f"{key} {'given' if given else 'left out'} with {item.metric}"
            yield f"{path}.{key}", got, f"{metric}, and nothing else, takes it", f"Add or remove {key}."
    if item.pattern is not None:
        try:
            re.compile(item.pattern)
        except re.error as error:
            yield f"{path}.pattern", f"{item.pattern!r} ({error})", "it must be a regular expression", "Correct it."
    if item.json_schema is not None and (wrong := _wrong_schema(item.json_schema)):
        yield f"{path}.json_schema", wrong, "it must be a JSON Schema (2020-12)", "Correct it."


def _wrong_schema(schema: Mapping[str, Any]) -> str:
    """What is wrong with a schema; empty where nothing is."""
    try:
        import jsonschema
    except ImportError:
        return "a schema without the library jsonschema, which the extra `finetuning` installs"
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return " ".join(str(error.message).split())
    return ""
