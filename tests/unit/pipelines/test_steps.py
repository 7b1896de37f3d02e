"""What holds for the steps as tasks: exit codes, light imports, and validation that fails closed."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest

from brickyard_pipelines.errors import UnusablePredictions, ValidationRefused
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict
from brickyard_pipelines.ml.project import Project, load_project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry, validate

STEPS = (
    *("ingest", "features", "train", "validate", "approve", "deploy"),
    *("batch_inference", "monitor", "trigger_retraining"),
)
ROOT = Path(__file__).parents[3]
SETTINGS = StepSettings(
    project="flight_delays", catalog="dev", model="dev.models.m", model_version="3", job_run_id="17"
)


class Killed(BaseException):
    """Stands for `kill -9`: nothing that follows in the process has an effect."""


class Registry:
    """The registry calls of validate and deploy. It dies before the effect of number `lasts`, if there is one."""

    lasts: int | None = None

    def __init__(self, tags: dict[str, str] | None = None, champion: str | None = None) -> None:
        self.tags = dict(tags or {})
        self.aliases = {"champion": champion} if champion else {}
        self.history: list[tuple[str, str]] = []

    def _spend(self, effect: str, on: str) -> None:
        if self.lasts is not None and len(self.history) >= self.lasts:
            raise Killed(effect)
        self.history.append((effect, on))

    def set_model_version_tag(self, _name: str, _version: str, key: str, value: str) -> None:
        self._spend(key, value)
        self.tags[key] = value

    def get_model_version(self, _name: str, version: str) -> Any:
        return SimpleNamespace(version=version, tags=self.tags)

    def get_registered_model(self, _name: str) -> Any:
        return SimpleNamespace(aliases=self.aliases)

    def delete_model_version_tag(self, _name: str, _version: str, key: str) -> None:
        self._spend("untag", key)
        del self.tags[key]

    def delete_registered_model_alias(self, _name: str, alias: str) -> None:
        del self.aliases[alias]

    def set_registered_model_alias(self, _name: str, alias: str, version: str) -> None:
        self._spend(f"alias {alias}", version)
        self.aliases[alias] = version


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project("flight_delays")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry({"validation_status": "PASSED"})
    monkeypatch.setattr(mlflow, "MlflowClient", lambda: made)
    return made


def judged(passed: bool) -> Verdict:
    return Verdict(conditions=(Condition(name="roc_auc", passed=passed, said="0.6", needed="at least 0.7"),))


def test_a_passed_validation_is_written_on_the_version(
    registry: Registry, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "judge", lambda *_: judged(True))
    validate.validate(SETTINGS, project)
    assert registry.tags["validation_status"] == "PASSED"
    assert registry.tags["validated_by_job_run"] == "17"
    assert registry.history[0] == ("validation_status", "PENDING")
    assert registry.aliases == {"challenger": "3"}


def test_a_validation_killed_before_any_effect_is_no_verdict_and_ends_as_one_that_was_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "judge", lambda *_: judged(True))
    earlier = {"validation_status": "FAILED", "approval": "Approved", "canary_status": "FAILED"}

    def run(registry: Registry) -> Registry:
        monkeypatch.setattr(mlflow, "MlflowClient", lambda: registry)
        validate.validate(SETTINGS, project)
        return registry

    whole = run(Registry(earlier))
    assert len(whole.history) > 6
    for moment in range(len(whole.history)):
        registry = Registry(earlier)
        registry.lasts = moment
        with pytest.raises(Killed):
            run(registry)
        said_passed = ("validation_status", "PASSED") in registry.history
        assert (registry.tags["validation_status"] == "PASSED") == said_passed
        assert not (said_passed and "approval" in registry.tags), "an old word would count for a new verdict"
        registry.lasts = None
        run(registry)
        assert (registry.tags, registry.aliases) == (whole.tags, whole.aliases)


def test_words_on_an_earlier_verdict_are_none_on_this_one(
    registry: Registry, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.tags |= {"approval": "Approved", "canary_status": "FAILED"}
    monkeypatch.setattr(validate, "judge", lambda *_: judged(True))
    validate.validate(SETTINGS, project)
    assert not {"approval", "canary_status"} & registry.tags.keys()


def test_the_champion_that_is_validated_again_is_no_challenger(
    registry: Registry, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.aliases["champion"] = "3"
    monkeypatch.setattr(validate, "judge", lambda *_: judged(True))
    validate.validate(SETTINGS, project)
    assert registry.aliases == {"champion": "3"}


def test_a_refusal_fails_the_task_and_says_why(
    registry: Registry, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.aliases["challenger"] = "3"  # it had passed before
    monkeypatch.setattr(validate, "judge", lambda *_: judged(False))
    with pytest.raises(ValidationRefused, match=r"version 3 does not pass: roc_auc 0\.6 \(needed: at least 0\.7\)"):
        validate.validate(SETTINGS, project)
    assert registry.tags["validation_status"] == "FAILED"
    assert registry.aliases == {}


@pytest.mark.parametrize("error", [UnusablePredictions("NaN"), KeyError("metric"), MemoryError()])
def test_an_error_of_any_kind_fails_the_version_that_had_passed_before(
    registry: Registry, project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> Verdict:
        raise error

    monkeypatch.setattr(validate, "judge", fail)
    with pytest.raises(type(error)):
        validate.validate(SETTINGS, project)
    assert registry.tags["validation_status"] == "FAILED"
    assert type(error).__name__ in registry.tags["validation_reason"]


def test_a_long_reason_is_cut_to_what_a_tag_holds() -> None:
    from brickyard_pipelines.ml.registry import versions

    registry = Registry()
    versions.tag(registry, "m", "3", {"validation_reason": "x" * 1000})  # type: ignore[arg-type]
    assert len(registry.tags["validation_reason"]) == 250


def test_a_pipeline_error_ends_the_task_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValidationRefused("not good enough")

    monkeypatch.setattr(sys, "argv", ["validate", "--project", "flight_delays", "--catalog", "dev"])
    with pytest.raises(SystemExit) as stop:
        entry.run("validate", refuse)
    assert stop.value.code == "validate failed: ValidationRefused: not good enough"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_starts_without_loading_spark_mlflow_or_scikit_learn(step: str) -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'pipelines')!r}];"
        f"import brickyard_pipelines.ml.steps.{step};"
        "print(sorted({'pyspark', 'mlflow', 'sklearn', 'databricks', 'cdktf'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
