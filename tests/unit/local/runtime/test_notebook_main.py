"""A notebook's process: what the notebooks that it runs answer."""

from pathlib import Path
from typing import Any

import pytest

from brickyard_local.runtime import notebook_main, task_files


def test_a_notebook_that_runs_after_a_restart_of_python_answers_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count begins anew with each process; what lies in the folder is another notebook's."""
    left = {"first": {"result": "of the first"}, "second": None}

    def processed(path: str, below: Path, _timeout_s: float | None) -> int:
        told: Any = left[path]
        if told is not None:
            task_files.write(below, task_files.RESULT, told)
        return 0

    monkeypatch.setattr(notebook_main, "_processed", processed)
    task: dict[str, Any] = {"parameters": {}}
    assert notebook_main._others(tmp_path, task)("first", 0.0, {}) == "of the first"
    assert notebook_main._others(tmp_path, task)("second", 0.0, {}) == ""
