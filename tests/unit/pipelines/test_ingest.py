"""What lands, until when, and which contracts nobody could keep."""

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from brickyard_pipelines.errors import MissingArgument
from brickyard_pipelines.ml.data.contract import Column, TableContract
from brickyard_pipelines.ml.project import Project, load_project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.ingest import sources, until

SETTINGS = StepSettings(project="p", catalog="dev")


def lands(function: Callable[..., Any] | None, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose source is this function, or that has none."""
    module = ModuleType("source_of_a_test")
    module.land = function  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    project = load_project("flight_delays")
    return replace(project, workflow=replace(project.workflow, land="source_of_a_test:land" if function else None))


def replayed(until: dt.date | None = None) -> Iterator[Any]:
    yield until


def test_a_source_is_replayed_until_the_day_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    project = lands(replayed, monkeypatch)
    assert list(sources(SETTINGS, project)) == [None]
    assert list(sources(replace(SETTINGS, land_until="2013-04-01"), project)) == [dt.date(2013, 4, 1)]


@pytest.mark.parametrize("function", [None, lambda: iter(["all"])])
def test_a_day_that_nothing_looks_at_is_refused_and_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any] | None
) -> None:
    project = lands(function, monkeypatch)
    landed: list[Any] = list(sources(SETTINGS, project))
    assert landed == (["all"] if function else [])
    assert list(sources(replace(SETTINGS, land_until=""), project)) == landed  # as the job's parameter is by default
    with pytest.raises(MissingArgument, match=r"--land-until 2013-04-01 is given, but .* takes no argument `until`"):
        sources(replace(SETTINGS, land_until="2013-04-01"), project)


@pytest.mark.parametrize("day", ["April", "2013-13-01", "2013-02-30"])
def test_what_is_no_day_is_named(day: str) -> None:
    with pytest.raises(MissingArgument, match=f"--land-until: got '{day}', expected a day such as 2013-04-01"):
        until(replace(SETTINGS, land_until=day))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda: Column(name="a", type="float", comment=""), "a: type 'float' is none of string, int"),
        (lambda: Column(name="a", type="date", comment="", time_zone="UTC"), "time_zone is for a timestamp"),
        (lambda: Column(name="a", type="timestamp", comment="", time_zone="New York"), "'New York' is no IANA"),
        (lambda: Column(name="a", type="timestamp", comment="", time_zone="UTC", expression="x"), "time_zone is for"),
        (lambda: TableContract(name="t", comment="", source_columns=("a",), evolve="yes"), "evolve 'yes' is none of"),
        (lambda: TableContract(name="t", comment="", source_columns=("a",), key=("b",)), r"key \['b'\] is no column"),
    ],
)
def test_a_contract_that_cannot_be_kept_is_refused_where_it_is_written(broken: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        broken()
