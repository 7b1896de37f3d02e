"""What is installed from an index for tasks: one folder per set of requirements, made once, whole or not at all.

What nobody asks for any more is removed, wheels that tasks brought among it.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from brickyard_local import children
from brickyard_local.child_environment import inherited
from brickyard_local.jobs.wheels import CannotInstall, Missing, cache_of

_STALE_S = 3600.0
_UNUSED_S = 30 * 24 * 3600.0
_PATIENCE_S = 600.0
_PIP = ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT")

RunProcess = Callable[[Sequence[str], Mapping[str, str]], int]
"""Runs a process to its end, with the task's log, and ends it when the task is cancelled; its exit status."""


def ensure(missing: Sequence[Missing], cache: Path, run: RunProcess) -> Path:
    """The folder that holds what is missing. Errors: CannotInstall with pip's words."""
    requirements = sorted({each.requirement for each in missing})
    folder = cache / "packages" / _key(requirements)
    if folder.exists():
        os.utime(folder)  # when it was last asked for: `in_use` goes by it
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix="new-"))
    try:
        _install(requirements, missing, unfinished, run)
        (unfinished / "target").mkdir(exist_ok=True)
        try:
            (unfinished / "target").rename(folder)
        except OSError:  # another task was faster
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def into_log(log: Path) -> RunProcess:
    """Runs a process with its own log, and stops one that takes too long. Errors: CannotInstall."""

    def run(argv: Sequence[str], environment: Mapping[str, str]) -> int:
        child = children.spawn(argv, log=log, environment=environment)
        try:
            return child.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise CannotInstall(f"pip did not end within {_PATIENCE_S:g} s.") from error
        finally:
            child.stop(grace_s=1.0)

    return run


@contextlib.contextmanager
def in_use(cache: Path) -> Iterator[None]:
    """While a server hands folders out. Before, what was not asked for in 30 days goes, if no other server is at work.

    An endpoint of another one may have been running for longer than that. Children end with their server, so that
    nothing uses a folder of a cache that no server holds.
    """
    packages = cache / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    holder = os.open(packages, os.O_RDONLY)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove_unused(packages)
            _remove_unused(cache_of(cache))
        fcntl.flock(holder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(holder)


def _remove_unused(made: Path) -> None:
    for one in made.iterdir() if made.is_dir() else ():
        if time.time() - one.stat().st_mtime <= _UNUSED_S:
            continue
        if one.is_dir():
            # By a name that nobody asks for: half of a folder would pass for a whole one.
            shutil.rmtree(one.rename(one.with_name(f"new-{one.name}")), ignore_errors=True)
        else:
            one.unlink()


def sweep(cache: Path) -> None:
    """Remove what killed processes left half-made; younger ones may belong to another account's server."""
    for folder in (cache / "packages", cache_of(cache)):
        for left in folder.glob("new-*"):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)


def _install(requirements: list[str], missing: Sequence[Missing], folder: Path, run: RunProcess) -> None:
    failure = folder / "failure"
    request = {"arguments": requirements, "target": str(folder / "target"), "failure": str(failure)}
    (folder / "request.json").write_text(json.dumps(request))
    argv = [sys.executable, "-P", "-m", "brickyard_local.runtime.install_main", str(folder / "request.json")]
    status = run(argv, inherited(os.environ, also=_PIP))
    if status:
        why = failure.read_text() if failure.exists() else f"pip ended with exit status {status}."
        raise CannotInstall(f"{'; '.join(each.why for each in missing)}. pip could not install it: {why}")


def _key(requirements: list[str]) -> str:
    """The same requirements need other packages once the workspace's own have changed."""
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    return hashlib.sha256(json.dumps([requirements, sys.version, sys.prefix, installed]).encode()).hexdigest()
