"""What is frozen stands still, children included, and always goes on afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from brickyard_local.snapshots.freeze import frozen
from brickyard_local.snapshots.mirror import Mirror

# Writes a growing number into two files, one by a child of its own.
_COUNTING = """
import pathlib, subprocess, sys
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, __file__, sys.argv[1], "child"])
path = pathlib.Path(sys.argv[1] + ("-child" if len(sys.argv) == 3 else ""))
number = 0
while True:
    number += 1
    path.write_text(str(number))
"""


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[psutil.Process]:
    (tmp_path / "count.py").write_text(_COUNTING)
    with subprocess.Popen([sys.executable, tmp_path / "count.py", tmp_path / "n"], start_new_session=True) as process:
        while not (tmp_path / "n-child").exists():
            time.sleep(0.01)
        yield psutil.Process(process.pid)
        os.killpg(process.pid, signal.SIGKILL)


def states(process: psutil.Process) -> set[str]:
    return {each.status() for each in (process, *process.children(recursive=True))}


def test_nothing_below_the_process_runs_inside_and_all_of_it_after(counting: psutil.Process, tmp_path: Path) -> None:
    with frozen(counting.pid):
        before = [(tmp_path / name).read_text() for name in ("n", "n-child")]
        time.sleep(0.05)
        assert [(tmp_path / name).read_text() for name in ("n", "n-child")] == before
        assert states(counting) == {psutil.STATUS_STOPPED}
    assert psutil.STATUS_STOPPED not in states(counting)


def test_whoever_froze_it_may_be_killed(counting: psutil.Process) -> None:
    program = (
        "import os, sys; from brickyard_local.snapshots.freeze import frozen\n"
        "with frozen(int(sys.argv[1])):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(counting.pid)], check=False)
    deadline = time.monotonic() + 10
    while psutil.STATUS_STOPPED in states(counting):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_second_pass_of_a_copy_sees_every_change(tmp_path: Path) -> None:
    """Same size, same second: only the time of change tells, and that is not trusted when it is fresh."""
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    for name in ("same", "gone", "folder/deep"):
        (source / name).write_text("old")
    mirror = Mirror(source=source, target=tmp_path / "target")
    mirror.bring_up_to_date()
    (source / "same").write_text("new")
    (source / "gone").unlink()
    (source / "folder" / "deep").unlink()
    (source / "folder").rmdir()
    (source / "folder").write_text("now a file")
    mirror.bring_up_to_date()
    found = {str(path.relative_to(mirror.target)): path.read_text() for path in mirror.target.rglob("*")}
    assert found == {"same": "new", "folder": "now a file"}
