"""`dbutils` of a task process."""

from pathlib import Path

import pytest

from brickyard_local.runtime.task_utilities import NotEmulatedHere, TaskUtilities


@pytest.fixture
def in_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRICKYARD_TASK_FOLDER", str(tmp_path))
    (tmp_path / "upstream_values.json").write_text('{"train": {"version": 3}}')
    return tmp_path


def test_values_are_set_for_later_tasks(in_a_task: Path) -> None:
    values = TaskUtilities().jobs.taskValues
    values.set("a", 1)
    values.set(key="b", value={"x": [1]})
    assert (in_a_task / "values.json").read_text() == '{"a": 1, "b": {"x": [1]}}'


def test_values_of_earlier_tasks_are_read(in_a_task: Path) -> None:
    values = TaskUtilities().jobs.taskValues
    assert values.get(taskKey="train", key="version", debugValue=0) == 3
    assert values.get("train", "missing", default=9) == 9
    with pytest.raises(ValueError, match="has set no value 'missing'"):
        values.get("train", "missing")
    with pytest.raises(ValueError, match="no task of this job"):
        values.get("zzz", "version", default=1)


def test_a_value_that_is_too_large_or_no_json_is_refused(in_a_task: Path) -> None:
    values = TaskUtilities().jobs.taskValues
    with pytest.raises(ValueError, match="at most 49152"):
        values.set("a", "x" * 50_000)
    with pytest.raises(TypeError):
        values.set("a", object())


def test_outside_of_a_task_the_debug_value_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRICKYARD_TASK_FOLDER", raising=False)
    values = TaskUtilities().jobs.taskValues
    values.set("a", 1)
    assert values.get("train", "version", debugValue=7) == 7
    with pytest.raises(TypeError, match="debugValue"):
        values.get("train", "version")


@pytest.mark.parametrize("utility", ["credentials", "widgets", "notebook", "library"])
def test_what_is_missing_says_so(in_a_task: Path, utility: str) -> None:
    with pytest.raises(NotEmulatedHere, match=rf"does not emulate dbutils\.{utility}\.get"):
        getattr(TaskUtilities(), utility).get("x")
