"""A value handed to the next task must have a receiver, or say that it has none."""

import logging
import sys
from types import ModuleType, SimpleNamespace

import pytest

from brickyard_pipelines import task_values
from brickyard_pipelines.errors import NotInAJob


class Receiver:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def set(self, key: str, value: str) -> None:
        self.values[key] = value


def runtime(monkeypatch: pytest.MonkeyPatch, dbutils: object) -> None:
    module = ModuleType("databricks.sdk.runtime")
    module.dbutils = dbutils  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", module)


def test_in_a_job_the_value_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    runtime(monkeypatch, SimpleNamespace(jobs=SimpleNamespace(taskValues=receiver)))
    task_values.hand_on("model_version", "3", job_run_id="17")
    assert receiver.values == {"model_version": "3"}


def test_by_hand_the_value_is_said_with_the_argument_it_becomes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        task_values.hand_on("model_version", "3", job_run_id=None)
    assert "model_version=3" in caplog.text
    assert "--model-version" in caplog.text


def test_a_receiver_that_forgets_is_no_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's dbutils outside a job accepts any value and keeps none."""
    from databricks.sdk.dbutils import _JobsUtil

    runtime(monkeypatch, SimpleNamespace(jobs=_JobsUtil()))
    with pytest.raises(NotInAJob, match="model_version has no receiver"):
        task_values.hand_on("model_version", "3", job_run_id="17")


def test_a_runtime_without_dbutils_is_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime(monkeypatch, None)
    with pytest.raises(NotInAJob):
        task_values.hand_on("model_version", "3", job_run_id="17")
