"""The `workflow` block of a project's project.yaml: which functions, which split, which bar to clear."""

import datetime as dt
import importlib
import importlib.resources
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml import strict


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Days from `since` up to, not including, `until`."""

    since: dt.date
    until: dt.date

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise InvalidProject(f"A period must end after it begins: since {self.since}, until {self.until}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitByTime:
    """What is learnt from, what is looked at while learning, and what only the gate sees."""

    train: Period
    validation: Period
    holdout: Period

    def __post_init__(self) -> None:
        if self.train.until > self.validation.since or self.validation.until > self.holdout.since:
            raise InvalidProject(
                "workflow.split: train, validation and holdout must follow one another in time, without overlap;"
                f" got train until {self.train.until}, validation {self.validation.since} to"
                f" {self.validation.until}, holdout since {self.holdout.since}."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureTable:
    """The project's function that builds features, and the columns that it promises."""

    function: str
    columns: str
    inputs: tuple[str, ...]
    key: str
    time_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The project's function that says what happened in the end: the key and a 0/1 label."""

    function: str
    inputs: tuple[str, ...]
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """The project's function that fits a model, and its parameters."""

    function: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    skops_trusted_types: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The least or the most that a metric may be."""

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise InvalidProject("workflow.gate.thresholds: a threshold needs `min`, `max` or both.")
        if not all(math.isfinite(limit) for limit in (self.min, self.max) if limit is not None):
            raise InvalidProject(
                f"workflow.gate.thresholds: got min {self.min}, max {self.max}; a threshold must be a finite number."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a version must show on the hold-out before it may become champion.

    Gains are relative reductions of `metric` (0.05 is 5 %), judged by the lower end of a paired bootstrap
    interval. `champion_margin` is how much worse than the champion may not be ruled out.
    """

    metric: str = "log_loss"
    min_rows: int
    thresholds: Mapping[str, Bound]
    baseline_min_gain: float
    champion_margin: float = 0.0
    confidence: float = 0.95
    resamples: int = 2000

    def __post_init__(self) -> None:
        if self.metric not in ("log_loss", "brier"):
            raise InvalidProject(
                f"workflow.gate.metric: got {self.metric!r}; comparisons row by row need log_loss or brier."
            )
        if not self.thresholds:
            raise InvalidProject("workflow.gate.thresholds: empty, so every model would pass. State at least one.")
        rules = {  # each is false for NaN too
            "min_rows": (self.min_rows >= 100, "at least 100"),
            "baseline_min_gain": (0 <= self.baseline_min_gain < 1, "at least 0 and less than 1"),
            "champion_margin": (0 <= self.champion_margin <= 0.2, "from 0 to 0.2"),
            "confidence": (0.8 <= self.confidence < 1, "at least 0.8 and less than 1"),
            "resamples": (self.resamples >= 200, "at least 200"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise InvalidProject(
                    f"workflow.gate.{name}: got {getattr(self, name)}, must be {rule};"
                    " anything else would open the gate or close it for good."
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """Everything that the steps need to know about one project."""

    land: str
    contract: str
    features: FeatureTable
    labels: Labels
    split: SplitByTime
    training: Training
    baseline_groups: tuple[str, ...]
    gate: Gate
    batch: Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project's import name and its workflow."""

    name: str
    title: str
    workflow: Workflow


def load_project(name: str) -> Project:
    """The project whose package is called `name`.

    Errors: InvalidProject when the package, its project.yaml or a key in it is wrong.
    """
    file = _project_file(name)
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidProject(f"{file}: not YAML: {error}") from error
    if not isinstance(document, Mapping) or document.get("name") != name:
        raise InvalidProject(f"{file}: `name` must be {name!r}, as the package is called.")
    workflow = strict.build(Workflow, document.get("workflow"), f"{file.name}: workflow")
    return Project(name=name, title=str(document.get("title", name)), workflow=workflow)


def refer(reference: str) -> Any:
    """What a reference such as `flight_delays.features:build` names.

    Errors: InvalidProject when the module or the name in it does not exist.
    """
    module_name, _, attribute = reference.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidProject(
            f"{reference!r} cannot be used: {error}. Write it as package.module:name, and package it with the project."
        ) from error


def _project_file(name: str) -> Traversable:
    try:
        package = importlib.resources.files(name)
    except (ImportError, TypeError) as error:
        raise InvalidProject(
            f"The project package {name!r} is not installed here. Is its wheel among the task's dependencies?"
        ) from error
    packaged = package / "project.yaml"
    if packaged.is_file():
        return packaged
    beside = Path(str(package)).parent / "project.yaml"  # a checkout: the file lies next to the package
    if beside.is_file():
        return beside
    raise InvalidProject(f"The package {name!r} carries no project.yaml.")
