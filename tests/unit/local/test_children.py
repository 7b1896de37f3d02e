"""Child processes: their logs, their secrets, their end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from brickyard_local.children import spawn
from brickyard_local.pytest_plugin import until


def test_a_hidden_secret_does_not_reach_the_log(tmp_path: Path) -> None:
    program = "import os; print('url sc://h;token=' + os.environ['SECRET'] + ';x', flush=True); print('after')"
    environment = {**os.environ, "SECRET": "s3cret"}
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=environment, hidden=("s3cret",))
    child.process.wait(30)
    assert child.log_tail() == "url sc://h;token=[hidden];x\nafter"


def test_a_secret_of_several_lines_does_not_reach_the_log(tmp_path: Path) -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADAN\n{\n-----END KEY-----"
    environment = {**os.environ, "SECRET": key}
    program = "import os; print(os.environ['SECRET'])"
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=environment, hidden=(key,))
    child.process.wait(30)
    assert child.log_tail() == "[hidden]\n[hidden]\n{\n[hidden]"


def _ends(pid: int) -> bool:
    """Whether the process ends soon: a signal that was sent need not have arrived yet."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_what_the_child_started_ends_with_it(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(inner.pid, flush=True); time.sleep(600)"
    )
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=os.environ)
    while not child.log_tail():
        assert child.alive
    child.stop()
    inner = int(child.log_tail())
    assert not child.alive
    assert _ends(inner)


def test_who_was_given_the_number_of_a_child_that_ended_is_left_alone(tmp_path: Path) -> None:
    """Numbers come back after some thousand processes, and a child may be stopped long after it ended."""
    child = spawn([sys.executable, "-c", ""], log=tmp_path / "log", environment=os.environ)
    child.process.wait(30)
    stranger = spawn([sys.executable, "-c", "import time; time.sleep(600)"], log=tmp_path / "s", environment=os.environ)
    child.process.pid = stranger.process.pid
    child.stop()
    with pytest.raises(subprocess.TimeoutExpired):
        stranger.process.wait(0.5)
    stranger.stop()


def test_output_without_an_end_of_line_reaches_the_log_and_hides_the_secret(tmp_path: Path) -> None:
    """A progress bar never ends its line: it must not gather in the server's memory."""
    program = "import sys; sys.stdout.write('x' * 300_000 + '5' * 65_530 + 's3cret' * 3); sys.stdout.flush(); input()"
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=os.environ, hidden=("s3cret",))
    try:
        deadline = time.monotonic() + 30
        while (not child.log.exists() or child.log.stat().st_size < 300_000) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert child.log.stat().st_size >= 300_000, "before the line ends"
    finally:
        child.stop()
    assert child.copier is not None
    child.copier.join(30)
    assert child.log.read_text().endswith("5" + "[hidden]" * 3)


def test_what_a_child_printed_is_in_its_log_when_it_ends_with_its_parent(tmp_path: Path) -> None:
    """A log is a file, so that Python keeps lines in memory: the last ones tell what the task was doing."""
    program = (
        "import sys, time\n"
        "from brickyard_local.children import exit_with_parent\n"
        "exit_with_parent(); print('so far'); sys.stderr.write('begun\\n'); time.sleep(600)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=environment)
    until(lambda: "begun" in child.log_tail())
    assert "so far" not in child.log_tail(), "it waits in memory"
    assert child.process.stdin is not None
    child.process.stdin.close()  # as the kernel does when the parent dies
    child.process.wait(60)
    assert "so far" in child.log_tail()
