"""The child that does not start is told of; it never hangs and never lies."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.tracking import mlflow_server
from brickyard_local.tracking.mlflow_server import MlflowServer

REAL_PYTHON = sys.executable


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


FAKE = """
import socketserver, sys
from http.server import BaseHTTPRequestHandler

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def address_string(self):
        return "unix"
    def log_message(self, *_): pass

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

Server(sys.argv[1], Answers).serve_forever()
"""


@pytest.fixture
def idle_server(server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowServer]:
    """A server whose child answers everything, and that ends it when nobody called for a moment."""
    (tmp_path / "fake.py").write_text(FAKE)
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {REAL_PYTHON} {tmp_path}/fake.py "$3"\n')
    monkeypatch.setenv(mlflow_server.IDLE, "0.2")
    idle = MlflowServer(tmp_path / "idle", tmp_path / "idle.log")
    yield idle
    idle.close()


def test_a_child_that_nobody_calls_ends_and_the_next_call_starts_another(idle_server: MlflowServer) -> None:
    pids = set()
    for _ in range(3):
        assert idle_server.call("GET", "/anything").json() == {}
        pids.add(idle_server.pid())
        deadline = time.monotonic() + 20
        while idle_server.pid() is not None:
            assert time.monotonic() < deadline, "it still runs"
            time.sleep(0.02)
    assert len(pids) == 3


def test_no_call_meets_a_child_that_is_ending(idle_server: MlflowServer) -> None:
    def call_now_and_then(number: int) -> list[int]:
        answers = []
        for turn in range(12):
            answers.append(idle_server.call("GET", "/anything").status)
            time.sleep(0.05 * ((number + turn) % 8))
        return answers

    with ThreadPoolExecutor() as pool:
        assert {status for answers in pool.map(call_now_and_then, range(4)) for status in answers} == {200}
