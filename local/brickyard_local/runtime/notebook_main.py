"""A notebook task in its process: run it, tell its exit value, or where to go on after a restart of Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_local.runtime import task_files
from brickyard_local.runtime.notebook_flow import NotebookExit, NotebookUtility, Widgets
from brickyard_local.runtime.notebook_run import NotebookRun, RestartAt, load
from brickyard_local.runtime.task_utilities import of_this_process

RESTART = 82  # exit status: start the process again, `task_files.RESUME` says where


class NotebookFailed(RuntimeError):
    """Raised by `dbutils.notebook.run` when the notebook that it ran failed or took too long."""


def run(task: Mapping[str, Any], folder: Path) -> int:
    """Run the notebook of a task. Exit status 0, or RESTART. Errors: those of its cells."""
    task = {**task, **task_files.read(folder, task_files.RESUME)}
    (folder / task_files.RESUME).unlink(
        missing_ok=True
    )  # one that is there when the process ends asks for the next restart
    sys.path.insert(0, task["notebook_folder"])
    sys.dont_write_bytecode = True  # the workspace's folders hold what was imported, no caches
    widgets = Widgets(task["parameters"])
    utilities = of_this_process()
    notebook_run = NotebookRun(utilities, widgets, NotebookUtility(_others(folder, task)))
    try:
        notebook_run.run(load(task["notebook"]), first_cell=task.get("first_cell", 1))
    except NotebookExit as left:
        task_files.write(folder, task_files.RESULT, {"result": left.value})
    except RestartAt as restart:
        where = {"first_cell": restart.number, "parameters": widgets.getAll()}
        task_files.write(folder, task_files.RESUME, where)
        return RESTART
    return 0


def _others(folder: Path, task: Mapping[str, Any]) -> Any:
    """`dbutils.notebook.run`: a process like this one, in a folder below this task's."""
    count = 0

    def run_other(path: str, timeout_s: float, arguments: Mapping[str, str]) -> str:
        nonlocal count
        count += 1
        below = folder / f"notebook-{count}"
        shutil.rmtree(below, ignore_errors=True)  # of a process before the last restart, which counted from one too
        below.mkdir(mode=0o700)
        other = {**task, "notebook": path, "parameters": dict(arguments), "first_cell": 1}
        task_files.write(below, task_files.TASK, other)
        return _finished(path, below, _processed(path, below, timeout_s or None))

    return run_other


def _processed(path: str, below: Path, timeout_s: float | None) -> int:
    """Exit status of the other notebook's process; restarts of its Python included."""
    argv = [sys.executable, "-P", "-m", "brickyard_local.jobs.task_main", str(below)]
    environment = os.environ | {"BRICKYARD_TASK_FOLDER": str(below)}
    sys.stdout.flush()
    status = RESTART
    while status == RESTART:
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, env=environment)
        try:
            status = child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise NotebookFailed(f"Notebook {path} took longer than {timeout_s:g} s.") from None
        finally:
            if child.stdin is not None:
                child.stdin.close()
        if not (below / task_files.RESUME).exists():
            break
    return status


def _finished(path: str, below: Path, status: int) -> str:
    if status:
        told = task_files.read(below, task_files.FAILURE).get("error", f"its process ended by exit status {status}")
        raise NotebookFailed(f"Notebook {path} failed: {told}")
    return str(task_files.read(below, task_files.RESULT).get("result", ""))
