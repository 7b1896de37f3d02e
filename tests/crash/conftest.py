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
from brickyard_local.provider.install import install
from brickyard_local.pytest_plugin import local_cache, start_local_workspace
from crash_loads import applies
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


@pytest.fixture
def applied_folder(crashes: Crashes, tmp_path: Path) -> applies.Folder:
    """An initialized Terraform folder for the workspace."""
    folder = tmp_path / "terraform"
    folder.mkdir()
    shutil.copy(Path(applies.__file__).with_name("main.tf"), folder)
    cli_config = install(folder / "tools", local_cache())
    workspace = crashes.workspace
    made = applies.Folder(path=folder, cli_config=cli_config, host=workspace.host, token=workspace.token)
    said, _ = made.start("init", "-no-color", generation=0).communicate()
    assert (folder / ".terraform.lock.hcl").exists(), said
    return made
