"""What stands between a team's own step and ours: which version, which table, which figures. Nothing is guessed."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import mlflow.pyfunc
import pytest
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import BrokenContract, InvalidProject, UnclearVersion, ValidationRefused
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.project import Bound, FeatureTable, Project, load_project
from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.project.wrapped import Reported, Wrapped
from brickyard_pipelines.ml.registry.handover import Made, version_of
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import check_train, take_model, validate_reported
from brickyard_pipelines.ml.steps.check_features import wrong_columns, wrong_rows

TUMOURS = Path(__file__).parents[3] / "projects" / "examples" / "tumours"
SETTINGS = StepSettings(project="tumours", catalog="dev", model="m", model_version="3", job_run_id="17")
OLD, NEW, NEWER = Made(version="1", created_ms=5), Made(version="2", created_ms=15), Made(version="3", created_ms=25)


def test_the_task_value_decides_and_must_exist() -> None:
    known = {"job_run_id": "17", "began_ms": 10}
    assert version_of("m", [OLD, NEW, NEWER], said="1", **known) == "1"  # type: ignore[arg-type]
    with pytest.raises(UnclearVersion, match="'9', and m has no such version"):
        version_of("m", [OLD], said="9", **known)  # type: ignore[arg-type]


def test_a_tag_of_this_job_run_decides_before_time_does() -> None:
    tagged = Made(version="2", created_ms=15, job_run_id="17")
    assert version_of("m", [OLD, tagged, NEWER], said="", job_run_id="17", began_ms=10) == "2"


def test_the_only_version_since_the_step_began_is_taken_and_never_the_newest_of_two() -> None:
    assert version_of("m", [OLD, NEW], said="", job_run_id="17", began_ms=10) == "2"
    with pytest.raises(UnclearVersion, match="2 versions of m were registered since train began: 2, 3"):
        version_of("m", [OLD, NEW, NEWER], said="", job_run_id="17", began_ms=10)
    with pytest.raises(UnclearVersion, match="no version of m was registered since train began"):
        version_of("m", [OLD], said="", job_run_id="17", began_ms=10)


@pytest.mark.parametrize(
    ("facts", "signature", "said"),
    [
        ({"run_id": ""}, True, "it names no run"),
        ({"status": "PENDING_REGISTRATION"}, True, "its status is PENDING_REGISTRATION"),
        ({}, False, "its signature has no inputs or no outputs"),
    ],
)
def test_a_version_that_later_steps_cannot_use_is_not_handed_on(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, str], signature: bool, said: str
) -> None:
    version = SimpleNamespace(**({"status": "READY", "run_id": "r"} | facts))
    client: Any = SimpleNamespace(get_model_version=lambda *_: version)
    described = SimpleNamespace(signature=SimpleNamespace(inputs=[1], outputs=[1]) if signature else None)
    monkeypatch.setattr(mlflow.models, "get_model_info", lambda _: described)
    with pytest.raises(BrokenContract, match=said):
        check_train.check(client, "m", "3")


TABLE = FeatureTable(function="f", columns="c", inputs=("t",), key="id", time_key="at")


def test_a_feature_table_of_others_is_told_everything_that_is_wrong_with_it() -> None:
    columns = [Feature(name="size", type="double", comment=""), Feature(name="kind", type="string", comment="")]
    good = {"id": "string", "at": "timestamp", "size": "double", "kind": "string", "more": "int"}
    assert wrong_columns(TABLE, columns, good) == []
    broken = {"id": "bigint", "size": "double", "kind": "string"}
    assert wrong_columns(TABLE, columns, broken) == ["without the columns at", "id is bigint, not string"]


def test_rows_without_key_or_moment_and_repeated_keys_are_counted() -> None:
    good = {"total": 4, "keys": 4, "no_key": 0, "no_time": 0}
    assert wrong_rows(TABLE, good) == []
    assert wrong_rows(TABLE, good | {"keys": 3}) == ["4 rows have only 3 different id"]
    assert wrong_rows(TABLE, good | {"keys": 3, "no_key": 1, "no_time": 2}) == [
        "1 rows have no id",
        "2 rows have no at",
    ]
    assert wrong_rows(TABLE, good | {"total": 0, "keys": 0}) == ["it has no rows (id)"]


@pytest.fixture
def tumours(monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(TUMOURS))
    monkeypatch.delitem(sys.modules, "tumours", raising=False)
    return load_project("tumours")


def test_a_wrapped_project_needs_nothing_but_its_bar_and_a_step_names_what_it_misses(tumours: Project) -> None:
    assert isinstance(tumours.workflow, Wrapped)
    with pytest.raises(InvalidProject, match=r"workflow\.features is missing: this step needs it"):
        _ = tumours.workflow.features
    with pytest.raises(InvalidProject, match="every model would pass"):
        Reported(thresholds={})


class Registry:
    def __init__(self, metrics: dict[str, float] | None) -> None:
        self.tags: dict[str, str] = {"approval": "Approved"}  # a word on an earlier verdict
        self.aliases = {"champion": "2"}
        self.metrics = metrics

    def set_model_version_tag(self, _model: str, _version: str, key: str, value: str) -> None:
        self.tags[key] = value

    def delete_model_version_tag(self, _model: str, _version: str, key: str) -> None:
        del self.tags[key]

    def set_registered_model_alias(self, _model: str, alias: str, version: str) -> None:
        self.aliases[alias] = version

    def get_registered_model(self, _name: str) -> Any:
        return SimpleNamespace(aliases=dict(self.aliases))

    def get_model_version(self, *_: str) -> Any:
        return SimpleNamespace(run_id="r", tags=dict(self.tags))

    def get_run(self, _run_id: str) -> Any:
        if self.metrics is None:
            raise MlflowException("Run 'r' not found")
        return SimpleNamespace(data=SimpleNamespace(metrics=self.metrics))


@pytest.mark.parametrize(
    ("metrics", "loads", "error", "status"),
    [
        ({"test_accuracy": 0.97, "test_roc_auc": 0.99}, True, None, "PASSED"),
        ({"test_accuracy": 0.90, "test_roc_auc": 0.99}, True, ValidationRefused, "FAILED"),
        ({"test_accuracy": float("nan"), "test_roc_auc": 0.99}, True, ValidationRefused, "FAILED"),
        ({"test_accuracy": 0.97}, True, ValidationRefused, "FAILED"),
        ({"test_accuracy": 0.97, "test_roc_auc": 0.99}, False, BrokenContract, "FAILED"),
    ],
)
def test_what_a_training_reported_must_be_there_clear_the_bar_and_load(
    tumours: Project,
    monkeypatch: pytest.MonkeyPatch,
    metrics: dict[str, float],
    loads: bool,
    error: type[Exception] | None,
    status: str,
) -> None:
    registry = Registry(metrics)
    monkeypatch.setattr(mlflow, "MlflowClient", lambda: registry)

    def load(_uri: str) -> None:
        if not loads:
            raise RuntimeError("no such class")

    monkeypatch.setattr(mlflow.pyfunc, "load_model", load)
    if error is None:
        validate_reported.validate_reported(SETTINGS, tumours)
        assert registry.tags["validated_against_champion"] == "2"
    else:
        with pytest.raises(error):
            validate_reported.validate_reported(SETTINGS, tumours)
    assert registry.tags["validation_status"] == status
    assert "approval" not in registry.tags, "a word counts for the verdict that it was given on"
    assert ("challenger" in registry.aliases) == (error is None)


def test_a_verified_copy_is_judged_by_what_its_source_reported_and_nothing_else_is(
    tumours: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = Registry({"test_accuracy": 0.97, "test_roc_auc": 0.99, "more": 1.0}), Registry(None)
    monkeypatch.setattr(mlflow.pyfunc, "load_model", lambda _uri: None)
    monkeypatch.setattr(mlflow, "MlflowClient", lambda: there)
    validate_reported.validate_reported(SETTINGS, tumours)
    monkeypatch.setattr(mlflow, "MlflowClient", lambda: here)
    here.tags |= {"reported_metrics": there.tags["reported_metrics"]}
    with pytest.raises(BrokenContract, match="its run cannot be read in this workspace, and it is no verified copy"):
        validate_reported.validate_reported(SETTINGS, tumours)
    here.tags |= {"copied_as": "m/3"}
    validate_reported.validate_reported(SETTINGS, tumours)
    assert here.tags["validation_status"] == "PASSED"


def test_thresholds_are_bounds(tumours: Project) -> None:
    assert tumours.workflow.reported.thresholds["test_accuracy"] == Bound(min=0.94)  # type: ignore[attr-defined]


class Shelf:
    """Two models: the team's, with versions 1 and 2, and the project's."""

    def __init__(self) -> None:
        self.copies: list[str] = []
        self.tags: dict[str, dict[str, str]] = {}

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:
        assert (name, alias) == ("a.b.theirs", "champion")
        return SimpleNamespace(version=2)

    def get_model_version(self, name: str, version: str) -> Any:
        if name == "a.b.theirs" and version == "9":
            raise MlflowException("no such version")
        return SimpleNamespace(version=version, tags=self.tags.get(version, {}))

    def search_model_versions(self, _filter: str) -> list[Any]:
        return [
            SimpleNamespace(version=number, source=source, status="READY")
            for number, source in enumerate(self.copies, start=1)
        ]

    def copy_model_version(self, source: str, _model: str) -> Any:
        self.copies.append(source)
        return SimpleNamespace(version=len(self.copies))

    def set_model_version_tag(self, _model: str, version: str, key: str, value: str) -> None:
        self.tags.setdefault(version, {})[key] = value


def test_a_model_that_a_team_has_is_copied_once_by_the_version_that_is_meant() -> None:
    shelf: Any = Shelf()
    by_alias = ExistingModel(name="a.b.theirs", alias="champion")
    assert take_model.take(shelf, by_alias, "dev.models.m") == "1"
    assert take_model.take(shelf, by_alias, "dev.models.m") == "1"
    assert take_model.take(shelf, ExistingModel(name="a.b.theirs", version=1), "dev.models.m") == "2"
    assert shelf.copies == ["models:/a.b.theirs/2", "models:/a.b.theirs/1"]
    with pytest.raises(UnclearVersion, match=r"a\.b\.theirs has no version 9 that can be read"):
        take_model.take(shelf, ExistingModel(name="a.b.theirs", version=9), "dev.models.m")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "a.b.c"}, "give `version` or `alias`, exactly one"),
        ({"name": "a.b.c", "version": 1, "alias": "x"}, "exactly one"),
        ({"name": "c", "version": 1}, r"must be catalog\.schema\.model"),
    ],
)
def test_a_model_that_is_not_said_exactly_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        ExistingModel(**given)
