"""What every task's entry shares: log lines, the project, and errors as an exit code."""

import logging
import os
import sys
import time
from collections.abc import Callable

from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.project import Project, load_project
from brickyard_pipelines.ml.settings import StepSettings, parse

_log = logging.getLogger("brickyard_pipelines")

# Before scikit-learn loads OpenMP: its threads spin while they wait, and beside other work on the same cores they
# starve each other. Training flight_delays on two busy cores took 39 to 49 s spinning, 8 to 10 s waiting.
_PATIENT_THREADS = ("OMP_WAIT_POLICY", "PASSIVE")

Step = Callable[[StepSettings, Project], None]


def run(name: str, step: Step) -> None:
    """Run one step with the arguments of this process.

    A PipelineError ends the process with its sentence and exit code 1: the task fails.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    _log.setLevel(logging.INFO)
    os.environ.setdefault(*_PATIENT_THREADS)
    started = time.monotonic()
    try:
        settings = parse()
        step(settings, load_project(settings.project))
    except PipelineError as error:
        raise SystemExit(f"{name} failed: {type(error).__name__}: {error}") from error
    _log.info("%s: done in %.1f s", name, time.monotonic() - started)
