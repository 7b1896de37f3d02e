"""Child processes: their logs, their secrets, their end."""

import os
import sys
from pathlib import Path

import psutil

from brickyard_local.children import spawn


def test_a_hidden_secret_does_not_reach_the_log(tmp_path: Path) -> None:
    program = "import os; print('url sc://h;token=' + os.environ['SECRET'] + ';x', flush=True); print('after')"
    environment = {**os.environ, "SECRET": "s3cret"}
    child = spawn([sys.executable, "-c", program], log=tmp_path / "log", environment=environment, hidden=("s3cret",))
    child.process.wait(30)
    assert child.log_tail() == "url sc://h;token=[hidden];x\nafter"


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
    assert not psutil.pid_exists(inner) or psutil.Process(inner).status() == psutil.STATUS_ZOMBIE
