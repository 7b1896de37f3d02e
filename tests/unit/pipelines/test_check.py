"""A project is checked with the code that its job will read it with, before anything is deployed."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PROJECT = REPOSITORY / "projects" / "flight_delays"


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(REPOSITORY / "pipelines"), str(folder)])
    argv = [sys.executable, "-m", "brickyard_pipelines.ml.check", "flight_delays"]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def copy_with(folder: Path, old: str, new: str) -> Path:
    """The project with one edit of its project.yaml."""
    package = folder / "flight_delays"
    package.mkdir()
    for file in (PROJECT / "flight_delays").glob("*.py"):
        (package / file.name).write_bytes(file.read_bytes())
    text = (PROJECT / "project.yaml").read_text()
    assert old in text
    (folder / "project.yaml").write_text(text.replace(old, new, 1))
    return folder


def test_the_project_that_ships_can_run() -> None:
    assert check(PROJECT).returncode == 0


def test_a_mistyped_key_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    done = check(copy_with(tmp_path, "  labels:", "  lables:"))
    assert done.returncode == 1
    assert "workflow.lables: unknown key. Did you mean 'labels'?" in done.stderr


def test_a_function_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = check(copy_with(tmp_path, "flight_delays.model:train", "flight_delays.model:fit"))
    assert done.returncode == 1
    assert "'flight_delays.model:fit' cannot be used" in done.stderr
