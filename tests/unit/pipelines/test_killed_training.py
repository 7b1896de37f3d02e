"""`train` killed for real after its effects on a workspace: run again, it leaves what one never killed leaves."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

SUPPORT = Path(__file__).parents[1] / "pipelines_support"
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


def test_a_training_killed_after_any_effect_and_started_again_leaves_one_version_one_model_and_one_run(
    local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    client, catalog = local_workspace.client(), f"killed_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("models", catalog)
    done = subprocess.run(
        [sys.executable, SUPPORT / "killed_training.py", catalog, tmp_path],
        env=os.environ
        | local_workspace.environment()
        | {"PYTHONPATH": os.pathsep.join((str(ROOT / "pipelines"), str(SUPPORT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    (_, unkilled), *others = (
        json.loads(line.removeprefix("TOLD ")) for line in done.stdout.splitlines() if line.startswith("TOLD ")
    )
    assert [len(unkilled[what]) for what in ("versions", "models", "runs")] == [1, 1, 1]
    assert len(others) >= 10
    for effect, left in others:
        assert left == unkilled, f"killed after {effect}"
