"""What validate makes of a version, its champion and the hold-out: from fakes of the registry, without Spark."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import mlflow.artifacts
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import UnusablePredictions, UnusableSource
from brickyard_pipelines.ml.data import profile, rows
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.evaluation import serving_check
from brickyard_pipelines.ml.evaluation.sanity import Profile
from brickyard_pipelines.ml.evaluation.serving_check import Served
from brickyard_pipelines.ml.evaluation.verdict import Condition
from brickyard_pipelines.ml.project import Bound, Gate, Period, Project, SplitByTime, load_project
from brickyard_pipelines.ml.registry import candidates
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import validate

MODEL = "dev.models.m"
SETTINGS = StepSettings(project="flight_delays", catalog="dev", model=MODEL, model_version="3", job_run_id="17")


def months(since: int, until: int) -> Period:
    return Period(since=dt.date(2013, since, 1), until=dt.date(2013, until, 1))


SPLIT = SplitByTime(train=months(1, 4), validation=months(4, 5), holdout=months(5, 6))
EARLIER = SplitByTime(train=months(1, 3), validation=months(3, 4), holdout=months(4, 5))
LATER = SplitByTime(train=months(1, 5), validation=months(5, 6), holdout=months(6, 7))
ROWS = 400
TRUTH = np.tile([0, 0, 0, 1], ROWS // 4)
GOOD, POOR = np.where(TRUTH, 0.8, 0.1), np.where(TRUTH, 0.3, 0.25)
BY_RUN = {"new": SPLIT.as_parameters(), "old": EARLIER.as_parameters(), "later": LATER.as_parameters(), "silent": {}}
AS_TAGS = {name.replace(".", "_"): day for name, day in SPLIT.as_parameters().items()}


class Registry:
    """Versions with their tags and runs; what a champion is, and which version cannot be loaded."""

    def __init__(self, *, champion: str | None = None, runs: dict[str, str] | None = None) -> None:
        self.aliases = {"champion": champion} if champion else {}
        self.tags: dict[str, dict[str, str]] = {"2": {}, "3": {}}
        self.runs = {"3": "new", "2": "old"} | (runs or {})

    def get_model_version(self, _name: str, version: str) -> Any:
        return SimpleNamespace(version=version, tags=self.tags[version], run_id=self.runs[version])

    def get_registered_model(self, _name: str) -> Any:
        return SimpleNamespace(aliases=self.aliases)

    def get_run(self, run_id: str) -> Any:
        if run_id == "gone":
            raise MlflowException("Run gone not found")
        return SimpleNamespace(
            data=SimpleNamespace(params=BY_RUN[run_id]), info=SimpleNamespace(artifact_uri="dbfs:/x")
        )

    def set_model_version_tag(self, _name: str, version: str, key: str, value: str) -> None:
        self.tags[version][key] = value


def answering(answers: Any) -> Any:
    def predict(frame: pd.DataFrame) -> Any:
        return answers[: len(frame)]

    return SimpleNamespace(predict=predict, metadata=SimpleNamespace(model_id="m-1"))


def fine(name: str) -> Condition:
    return Condition(name=name, passed=True, said="", needed="")


@pytest.fixture(scope="module")
def project() -> Project:
    loaded = load_project("flight_delays")
    gate = Gate(min_rows=100, thresholds={"roc_auc": Bound(min=0.6)}, baseline_min_gain=0.01)
    return replace(loaded, workflow=replace(loaded.workflow, gate=gate, baseline_groups=()))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the hold-out, the models and the serving process say; tests change it."""
    moments = pd.Series(pd.date_range("2013-05-01", periods=ROWS, freq="90min"))
    frame = pd.DataFrame({"carrier": ["UA"] * ROWS})
    fresh = LabelledRows(features=frame, labels=pd.Series(TRUTH), moments=moments, unlabelled=0)
    source = Source(feature_table="t", feature_version=1, label_versions={})
    seen = Profile(null_shares={}, categories={}, label_rate=0.25, holdout_keys=ROWS)
    said: dict[str, Any] = {"3": GOOD, "2": POOR, "read": []}
    said["served"] = Served(conditions=(fine("loads in a fresh process"),), costs={})

    def read(_spark: Any, _settings: Any, _project: Any, _source: Any, period: Period) -> LabelledRows:
        said["read"].append(period)
        return fresh

    def load(_model: str, version: str) -> Any:
        if isinstance(said[version], Exception):
            raise said[version]
        return answering(said[version])

    monkeypatch.setattr(validate, "session", lambda: None)
    monkeypatch.setattr(rows, "current_source", lambda *_: source)
    monkeypatch.setattr(rows, "read", read)
    monkeypatch.setattr(profile, "read", lambda *_: said.get("profile", seen))
    monkeypatch.setattr(candidates, "load", load)
    rates = {"base_rate": 0.25, "groups": [], "group_rates": {}}
    monkeypatch.setattr(mlflow.artifacts, "load_dict", lambda _uri: rates)
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", lambda _uri, dst_path: dst_path)
    monkeypatch.setattr(serving_check, "try_out", lambda *_: said["served"])
    monkeypatch.setattr(validate, "write_evidence", lambda *given: said.update(facts=given[-1]))
    return said


def judge(registry: Registry, project: Project) -> Any:
    return validate.judge(registry, SETTINGS, project)  # type: ignore[arg-type]


def test_the_holdout_is_the_one_that_the_versions_run_names(world: dict[str, Any], project: Project) -> None:
    assert judge(Registry(), project).passed
    assert world["read"] == [SPLIT.holdout]
    assert world["facts"]["hold-out"] == "2013-05-01 to 2013-06-01"


@pytest.mark.parametrize(("champion", "tagged"), [("2", "2"), ("3", "3"), (None, "none")])
def test_validate_writes_down_what_it_judged_and_what_it_compared_with(
    world: dict[str, Any], project: Project, champion: str | None, tagged: str
) -> None:
    registry = Registry(champion=champion)
    assert judge(registry, project).passed
    assert registry.tags["3"]["validated_against_champion"] == tagged
    assert registry.tags["3"]["validated_as"] == "dev.models.m/3"
    assert world["facts"]["champion"] == (champion or "none yet")


def test_a_version_that_is_worse_than_the_champion_is_refused(world: dict[str, Any], project: Project) -> None:
    world["2"], world["3"] = GOOD, np.where(TRUTH, 0.6, 0.15)
    verdict = judge(Registry(champion="2"), project)
    assert [item.name for item in verdict.conditions if not item.passed] == ["gain over champion"]


def test_a_version_that_does_not_say_what_it_has_seen_is_not_judged(world: dict[str, Any], project: Project) -> None:
    for run in ("silent", "gone"):
        with pytest.raises(UnusableSource, match="version 3 say which days it has learnt from"):
            judge(Registry(runs={"3": run}), project)
    assert world["read"] == []


def test_a_copied_version_is_judged_by_its_tags_beside_baselines_learnt_here(
    world: dict[str, Any], project: Project
) -> None:
    registry = Registry(runs={"3": "gone"})
    registry.tags["3"] = dict(AS_TAGS)
    assert judge(registry, project).passed
    assert world["read"] == [SPLIT.holdout, SPLIT.train]


def test_a_champion_that_has_seen_the_holdout_is_no_fair_rival(world: dict[str, Any], project: Project) -> None:
    with pytest.raises(UnusableSource, match="champion version 2 has seen data until 2013-06-01"):
        judge(Registry(champion="2", runs={"2": "later"}), project)


def test_a_champion_whose_run_is_gone_must_say_what_it_has_seen(world: dict[str, Any], project: Project) -> None:
    registry = Registry(champion="2", runs={"2": "gone"})
    with pytest.raises(UnusableSource, match=r"until when champion version 2 .* its run is gone.*seen_until"):
        judge(registry, project)
    registry.tags["2"]["seen_until"] = "2013-04-01"
    assert judge(registry, project).passed


def test_a_champion_that_cannot_be_loaded_stops_all_with_the_way_out(world: dict[str, Any], project: Project) -> None:
    world["2"] = OSError("the weights are gone")
    with pytest.raises(UnusableSource, match=r"Champion version 2 .* the weights are gone.*brickyard rollback --to"):
        judge(Registry(champion="2"), project)


@pytest.mark.parametrize("answer", [np.nan, np.inf, 1.2, -0.1])
def test_answers_that_are_no_probabilities_stop_all(world: dict[str, Any], project: Project, answer: float) -> None:
    world["3"] = np.where(np.arange(ROWS) == 7, answer, GOOD)
    with pytest.raises(UnusablePredictions, match="1 of 400 answers are no probability"):
        judge(Registry(), project)


def test_a_version_that_an_endpoint_could_not_load_is_refused(world: dict[str, Any], project: Project) -> None:
    world["served"] = serving_check.judged({"error": "ModuleNotFoundError: No module named 'x'"}, GOOD)
    verdict = judge(Registry(), project)
    assert not verdict.passed
    assert "loads in a fresh process ModuleNotFoundError" in verdict.reason


def test_a_holdout_unlike_the_training_period_is_refused(world: dict[str, Any], project: Project) -> None:
    world["profile"] = Profile(null_shares={}, categories={}, label_rate=0.9, holdout_keys=ROWS - 1)
    failed = [item.name for item in judge(Registry(), project).conditions if not item.passed]
    assert failed == ["hold-out keys", "hold-out label rate"]
