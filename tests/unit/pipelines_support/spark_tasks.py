"""Tasks as processes forked from one that has imported what they need: seconds of processor less for each."""

import atexit
import functools
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest


@functools.cache
def context(folders: Sequence[str]) -> Any:
    """Where tasks are forked from; it finds our packages in `folders`."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["spark_imports"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(folders))
        environment.setenv("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread would be lost in each fork
        forkserver.ensure_running()
    return made


def run(code: str, environment: Mapping[str, str], folder: str, said: str, complained: str) -> None:
    """In the fork: code as a task runs it, its output in two files; `folder` takes the models that it fetches."""
    import mlflow.pyfunc

    from brickyard_local.runtime import shared_models

    os.environ.clear()
    os.environ.update(environment, SPARK_CONNECT_MODE_ENABLED="1")
    for path, stream in ((said, sys.stdout), (complained, sys.stderr)):
        with Path(path).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    shared_models._change(Path(folder) / shared_models.FOLDER, mlflow.pyfunc)  # it was imported before
    try:
        exec(compile(code, "task", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own
    finally:
        sys.stdout.flush()
        atexit._run_exitfuncs()  # multiprocessing leaves them out; they give the Spark session back
