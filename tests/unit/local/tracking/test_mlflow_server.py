"""The child that does not start is told of; it never hangs and never lies."""

import time
from pathlib import Path

import pytest

from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.tracking import mlflow_server
from brickyard_local.tracking.mlflow_server import MlflowServer


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowServer:
    """A server whose Python is a script that says why it cannot."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'no room on this machine'\nexit 3\n")
    python.chmod(0o700)
    monkeypatch.setattr(mlflow_server.sys, "executable", str(python))
    return MlflowServer(tmp_path / "tracking", tmp_path / "tracking.log")


def test_a_server_that_dies_at_its_start_is_reported_with_the_end_of_its_log(server: MlflowServer) -> None:
    with pytest.raises(TemporarilyUnavailable, match="no room on this machine"):
        server.ensure()
    assert server.pid() is None


def test_it_is_not_started_again_and_again(server: MlflowServer, tmp_path: Path) -> None:
    for _ in range(5):
        with pytest.raises(TemporarilyUnavailable):
            server.call("GET", "/api/2.0/mlflow/runs/get")
    assert (tmp_path / "tracking.log").read_text().count("no room") == 1


def test_warming_up_raises_nothing(server: MlflowServer) -> None:
    started = time.monotonic()
    server.warm_up()
    assert time.monotonic() - started < 30


def test_a_closed_server_stays_closed(server: MlflowServer, tmp_path: Path) -> None:
    server.close()
    with pytest.raises(TemporarilyUnavailable):
        server.ensure()
    assert not (tmp_path / "tracking.log").exists()


def test_the_child_sees_the_way_to_its_modules_and_no_secret_of_the_shell(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\nenv\nexit 3\n")
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-shell")
    with pytest.raises(TemporarilyUnavailable):
        server.ensure()
    seen = (tmp_path / "tracking.log").read_text()
    assert "PYTHONPATH=/mine\n" in seen
    assert "of-the-shell" not in seen
