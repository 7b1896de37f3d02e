"""A workspace of the crash test's own, and how often it is killed.

`BRICKYARD_CRASH_MOMENTS=200 pytest tests/crash` kills it 200 times; `BRICKYARD_CRASH_SEED` repeats a sequence.
"""

import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from brickyard_local import process
from brickyard_local.pytest_plugin import start_local_workspace
from crash_loads.account import Crashes


@pytest.fixture(scope="session")
def crash_seed() -> int:
    return int(os.environ.get("BRICKYARD_CRASH_SEED", "0")) or secrets.randbelow(10**9) + 1


@pytest.fixture
def crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_seed: int) -> Iterator[Crashes]:
    """Without writers yet."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    chance = random.Random(crash_seed)  # noqa: S311 - a sequence that can be repeated
    workspace = start_local_workspace(tmp_path / "home")
    try:
        crashes = Crashes(workspace=workspace, sockets=folder, writers=[], random=chance)
        crashes.prepare()
        yield crashes
    finally:
        process.stop(workspace.home)
        shutil.rmtree(folder, ignore_errors=True)
