"""Reading a project's workflow: every wrong thing is named before a step begins."""

import copy
import datetime as dt
import math
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.project import Bound, Gate, Period, SplitByTime, load_project, refer

FLIGHTS = Path(__file__).parents[3] / "projects" / "flight_delays" / "project.yaml"


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load(FLIGHTS.read_text()))


def load(document: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    name = f"project_{folder.name}"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    (folder / "project.yaml").write_text(yaml.safe_dump(document | {"name": document.get("name", name)}))
    monkeypatch.syspath_prepend(str(folder))
    try:
        return load_project(name)
    finally:
        sys.modules.pop(name, None)


def test_a_typo_in_the_gate_is_explained(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del document["name"]
    document["workflow"]["gate"]["treshold"] = {}
    with pytest.raises(InvalidProject, match=r"workflow\.gate\.treshold: unknown key\. Did you mean 'thresholds'"):
        load(document, tmp_path, monkeypatch)


def test_the_deployment_block_is_not_ours_to_read(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del document["name"]
    document["deployment"] = {"anything": 1}
    assert load(document, tmp_path, monkeypatch).workflow.features.key == "flight_id"


def test_a_project_whose_name_is_another_is_refused(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidProject, match="`name` must be"):
        load(document, tmp_path, monkeypatch)


def test_an_uninstalled_project_is_named() -> None:
    with pytest.raises(InvalidProject, match="'no_such_project' is not installed"):
        load_project("no_such_project")


def test_a_package_without_project_yaml_is_named() -> None:
    with pytest.raises(InvalidProject, match=r"'json' carries no project\.yaml"):
        load_project("json")


@pytest.mark.parametrize("reference", ["json:nothing", "no_such_module:x", "json", ""])
def test_a_reference_that_leads_nowhere_is_named(reference: str) -> None:
    with pytest.raises(InvalidProject, match=r"Write it as package\.module:name"):
        refer(reference)


def days(since: int, until: int) -> Period:
    return Period(since=dt.date(2013, since, 1), until=dt.date(2013, until, 1))


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidProject, match="must end after it begins"):
        days(2, 2)


@pytest.mark.parametrize(
    ("train", "validation", "holdout"),
    [(days(1, 3), days(2, 4), days(4, 5)), (days(1, 2), days(2, 4), days(3, 5)), (days(3, 4), days(1, 2), days(5, 6))],
)
def test_periods_that_overlap_or_stand_in_the_wrong_order_are_refused(
    train: Period, validation: Period, holdout: Period
) -> None:
    with pytest.raises(InvalidProject, match="must follow one another"):
        SplitByTime(train=train, validation=validation, holdout=holdout)


def test_a_gate_that_everything_passes_is_refused() -> None:
    with pytest.raises(InvalidProject, match="every model would pass"):
        Gate(min_rows=100, thresholds={}, baseline_min_gain=0.0)
    with pytest.raises(InvalidProject, match="needs `min`, `max` or both"):
        Bound()


def test_a_metric_that_has_no_value_per_row_cannot_be_compared() -> None:
    with pytest.raises(InvalidProject, match="need log_loss or brier"):
        Gate(metric="roc_auc", min_rows=100, thresholds={"roc_auc": Bound(min=0.5)}, baseline_min_gain=0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_rows", 99),
        ("baseline_min_gain", -100.0),
        ("baseline_min_gain", 1.0),
        ("champion_margin", 1e9),
        ("champion_margin", -0.01),
        ("confidence", 0.0),
        ("confidence", 1.0),
        ("confidence", math.nan),
        ("resamples", 1),
    ],
)
def test_a_gate_configured_open_is_refused_by_name_value_and_rule(name: str, value: float) -> None:
    given: dict[str, Any] = {"min_rows": 100, "baseline_min_gain": 0.0, "thresholds": {"roc_auc": Bound(min=0.5)}}
    with pytest.raises(InvalidProject, match=rf"workflow\.gate\.{name}: got .*, must be "):
        Gate(**(given | {name: value}))


def test_the_least_strict_gate_is_still_a_gate() -> None:
    least = Gate(
        min_rows=100,
        thresholds={"roc_auc": Bound(min=0.5)},
        baseline_min_gain=0.0,
        champion_margin=0.2,
        confidence=0.8,
        resamples=200,
    )
    assert least.resamples == 200


@pytest.mark.parametrize("limit", [math.inf, -math.inf, math.nan])
def test_a_threshold_that_is_no_number_is_refused(limit: float) -> None:
    with pytest.raises(InvalidProject, match="must be a finite number"):
        Bound(min=limit)
