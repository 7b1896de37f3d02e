"""`train` and copies of versions, killed for real after any effect there, or two at once: nothing is there twice."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

RUN = "import runpy; runpy.run_module('killed_training', run_name='__main__')"
# Ten minutes after each kill: until then another run may still be at work on a copy, and is waited for.
LATER = f"from brickyard_pipelines.ml.registry import attempts; attempts._FILES_TAKE_S = 0; {RUN}"
SUPPORT = Path(__file__).parents[1] / "pipelines_support"
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


def killed(workspace: LocalWorkspace, folder: Path, what: str) -> list[tuple[str, Any]]:
    """What is left of a run that was never killed, then of those killed after an effect, with its name."""
    found: list[tuple[str, Any]] = told(workspace, folder, what, LATER)
    return found


def told(workspace: LocalWorkspace, folder: Path, what: str, code: str) -> list[Any]:
    """What the runs in a catalog of their own left."""
    client, catalog = workspace.client(), f"killed_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("models", catalog)
    done = subprocess.run(
        [sys.executable, "-c", code, catalog, folder, what],
        env=os.environ
        | workspace.environment()
        | {"PYTHONPATH": os.pathsep.join((str(ROOT / "pipelines"), str(SUPPORT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [json.loads(line.removeprefix("TOLD ")) for line in done.stdout.splitlines() if line.startswith("TOLD ")]


def test_a_training_killed_after_any_effect_and_started_again_leaves_one_version_one_model_and_one_run(
    local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    (_, unkilled), *others = killed(local_workspace, tmp_path, "train")
    assert [len(unkilled[what]) for what in ("versions", "models", "runs")] == [1, 1, 1]
    assert len(others) >= 10
    for effect, left in others:
        assert left == unkilled, f"killed after {effect}"


@pytest.mark.parametrize("way", ["take", "copy"])
def test_a_copy_killed_after_any_effect_and_started_again_leaves_one_version(
    local_workspace: LocalWorkspace, tmp_path: Path, way: str
) -> None:
    (_, unkilled), *others = killed(local_workspace, tmp_path, way)
    assert [status for status, *_ in unkilled] == ["READY"]
    assert len(others) >= 4
    for effect, left in others:
        assert left == unkilled, f"killed after {effect}"


def test_two_trainings_of_one_recipe_at_once_hand_on_one_version_and_leave_no_other(
    local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    both, one = told(local_workspace, tmp_path, "two", RUN)
    for name, _, handed, numbers, left in (both, one):
        assert (numbers, handed) == (["1"], ["1", "1"]), name
        assert [len(left[what]) for what in ("versions", "models", "runs")] == [1, 1, 2], name
        assert [status for status, *_ in left["runs"]] == ["FINISHED", "FINISHED"], name
    assert [made for _, made, *_ in (both, one)] == [[1, 1], [1, 0]]
