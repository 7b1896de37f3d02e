"""The house that releases are tried in."""

import os
import sys
from pathlib import Path

import pytest

from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
from house import House


@pytest.fixture
def house(fresh_local_workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "TF_", "BRICKYARD_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    configuration = install.install(tmp_path / "provider", local_cache())
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return House(fresh_local_workspace, tmp_path / "a clone")
