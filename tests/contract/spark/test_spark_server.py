"""The life of a Spark server: it starts once, starts again when it died, and never outlives the workspace."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from brickyard_local.spark.errors import JavaUnusable, SparkServerFailed
from brickyard_local.spark.server import SparkServer


@pytest.fixture
def server(tmp_path: Path, cache: Path) -> Iterator[SparkServer]:
    home = tmp_path / "a home"
    one = SparkServer(home, cache, "http://127.0.0.1:1", Path(sys.executable))
    yield one
    one.stop()


def _wait_for_end(pid: int) -> bool:
    for _ in range(300):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def _answer_to_a_stranger(port: int) -> bytes:
    """To a request of Spark's protocol: length of the frame, kind 3 (RPC request), id, length of the body, body.

    Empty when there was no answer; a busy machine may take a while for one.
    """
    body = b"no secret"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as stranger:
            stranger.sendall(struct.pack(">QBQI", 8 + 1 + 8 + 4 + len(body), 3, 1, len(body)) + body)
            return stranger.recv(4096)
    except OSError:
        return b""


def _listening(pid: int) -> set[int]:
    sockets = psutil.Process(pid).net_connections("tcp")
    return {one.laddr.port for one in sockets if one.status == psutil.CONN_LISTEN}


@pytest.mark.slow
def test_tasks_at_once_share_one_server_that_starts_again_when_it_died(server: SparkServer) -> None:
    found: list[str] = []
    tasks = [
        threading.Thread(target=lambda: found.append(server.session_environment("t", ["dev"])["SPARK_REMOTE"]))
        for _ in range(3)
    ]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    # A killed process with many threads still listens for a moment.
    deadline = time.monotonic() + 30
    while server.pid is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    server.session_environment("t", ["dev"])
    assert server.pid not in {first, None}
    server.stop()
    assert server.pid is None


def test_no_token_stands_on_a_command_line_or_in_the_log(spark_server: SparkServer) -> None:
    environment = spark_server.session_environment("token-of-a-principal", ["dev"])
    assert spark_server.pid is not None
    command = " ".join(psutil.Process(spark_server.pid).cmdline())
    told = command + spark_server.log.read_text()
    assert environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"] not in told
    assert "token-of-a-principal" not in told


def test_no_secret_of_the_shell_reaches_the_server_and_only_this_machine_can_reach_it(
    server: SparkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DATABRICKS_TOKEN", "SPARK_CONF_DIR"):
        monkeypatch.setenv(name, "of-the-shell")
    server.start()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    environment = process.environ()
    assert "PATH" in environment
    assert "of-the-shell" not in environment.values()
    listening = [one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert len(listening) >= 2
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_sparks_own_sockets_refuse_who_does_not_know_the_secret(spark_server: SparkServer) -> None:
    remote = spark_server.session_environment("t", ["dev"])["SPARK_REMOTE"]
    assert spark_server.pid is not None
    answers = {port: _answer_to_a_stranger(port) for port in _listening(spark_server.pid) - {urlsplit(remote).port}}
    # Besides the driver's RPC and the block manager there may be a socket that waits for one Python worker.
    refused = [port for port, answer in answers.items() if b"Expected SaslMessage" in answer]
    assert len(refused) == 2, answers
    assert all(answers[port] == b"" for port in answers.keys() - set(refused)), answers


def test_a_server_does_not_outlive_the_kill_of_its_parent(tmp_path: Path, cache: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from brickyard_local.spark.server import SparkServer\n"
        f"home, cache = Path({str(tmp_path)!r}), Path({str(cache)!r})\n"
        "server = SparkServer(home, cache, 'http://127.0.0.1:1', Path(sys.executable))\n"
        "server.start(); print(server.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _wait_for_end(pid)


def test_a_server_that_cannot_start_says_why(tmp_path: Path, cache: Path) -> None:
    server = SparkServer(tmp_path, cache, "http://127.0.0.1:1", Path(sys.executable), memory="1k")
    with pytest.raises(SparkServerFailed, match=r"(?s)ended with status 1.*spark-1\.log.*[Hh]eap"):
        server.start()
    assert server.pid is None


def test_an_unusable_java_is_named_before_anything_starts(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRICKYARD_JAVA_HOME", str(tmp_path))
    with pytest.raises(JavaUnusable, match=r"BRICKYARD_JAVA_HOME=.*no file `release`"):
        SparkServer(tmp_path, cache, "http://127.0.0.1:1", Path(sys.executable)).start()
