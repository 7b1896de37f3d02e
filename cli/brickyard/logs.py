"""`brickyard local logs`: what the parts of the local workspace wrote."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from brickyard.clone import Clone
from brickyard.errors import NotUp, UnknownLog
from brickyard_local import process

PARTS = ("server", "spark", "tracking", "serving", "job")
_LINES = 200
_LONGEST_TAIL_BYTES = 1_000_000
_POLL_S = 0.3
_PATTERNS = {"server": "server.log", "spark": "spark-*.log", "tracking": "tracking-*.log", "serving": "serving/*.log"}


def show_logs(clone: Clone, part: str, run_id: int | None, *, follow: bool, write: Callable[[str], object]) -> None:
    """The last lines of a part, then, with `follow`, what comes. Errors: UnknownLog, NotUp."""
    files = log_files(clone, part, run_id)
    for file in files:
        if len(files) > 1:
            write(f"==> {clone.relative(file)} <==\n")
        write(_tail(file))
    if follow:
        for text in _following(files):
            write(text)


def log_files(clone: Clone, part: str, run_id: int | None) -> list[Path]:
    """The files of a part, oldest first. `run_id` is of a job's run or of one of its tasks."""
    if part == "job":
        return _of_run(clone, run_id)
    if run_id is not None:
        raise UnknownLog(f"Only `logs job RUN_ID` takes a run; '{part}' has one log for all.")
    files = sorted(clone.home.logs.glob(_PATTERNS[part]), key=lambda file: file.stat().st_mtime)
    if not files:
        raise UnknownLog(f"The local workspace of this clone has not started its {part} yet: it has no log.")
    return files


def _of_run(clone: Clone, run_id: int | None) -> list[Path]:
    if run_id is None:
        raise UnknownLog("Say which run: `brickyard local logs job RUN_ID` (`brickyard status` names the last one).")
    tasks = [run_id, *_tasks(clone, run_id)]
    files = [file for task in tasks if (file := clone.home.runs / str(task) / "output.log").is_file()]
    if not files:
        raise UnknownLog(f"Run {run_id} has no log: it does not exist, or none of its tasks has started a process.")
    return files


def _tasks(clone: Clone, run_id: int) -> list[int]:
    """The task runs of a job run, as the workspace tells; it must run for that."""
    server = process.running(clone.home)
    if server is None:
        if (clone.home.runs / str(run_id)).is_dir():
            return []
        raise NotUp("The local workspace must run to say which tasks a run has: `brickyard local up`.")
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    token = clone.home.token_file.read_text().strip()
    for host in server.hosts.values():
        try:
            run = WorkspaceClient(host=host, token=token, auth_type="pat").jobs.get_run(run_id)
        except DatabricksError:
            continue
        return [task.run_id for task in run.tasks or [] if task.run_id is not None]
    return []


def _tail(file: Path) -> str:
    """The last lines, of a log that may be of any size."""
    size = file.stat().st_size
    with file.open("rb") as content:
        content.seek(max(0, size - _LONGEST_TAIL_BYTES))
        lines = content.read().decode(errors="replace").splitlines(keepends=True)
    cut = 1 if size > _LONGEST_TAIL_BYTES else 0  # the first of them may have lost its beginning
    return "".join(lines[cut:][-_LINES:])


def _following(files: list[Path]) -> Iterator[str]:
    """What is appended, until interrupted; a file that starts anew is read from its start."""
    places = {file: _size(file) for file in files}
    while True:
        for file, place in places.items():
            text, places[file] = _appended(file, place)
            if text:
                yield text
        time.sleep(_POLL_S)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _appended(file: Path, place: int) -> tuple[str, int]:
    """What a file has got since a place, and the place of its end; one that was removed has nothing, from its start."""
    try:
        with file.open("rb") as content:
            size = content.seek(0, os.SEEK_END)
            content.seek(place if size >= place else 0)
            text = content.read()
            return text.decode(errors="replace"), content.tell()
    except FileNotFoundError:
        return "", 0
