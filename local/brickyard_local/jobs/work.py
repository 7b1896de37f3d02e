"""What an attempt of a task is to the engine: something that runs to an end and can be cancelled."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from brickyard_local.errors import ApiError
from brickyard_local.jobs.processes import Assignment
from brickyard_local.jobs.records import Ending

_log = logging.getLogger("brickyard_local.jobs")


class Work(Protocol):
    """One attempt. `run` blocks; `cancel` may come from another thread at any time, `run` then answers CANCELED."""

    def run(self) -> Ending: ...

    def cancel(self) -> None: ...

    def values(self) -> Mapping[str, Any]: ...


Start = Callable[[Assignment], Work]


def failed_by(error: Exception) -> Ending:
    """How a run or task ends that a fault of the local workspace broke off."""
    message = f"The local workspace failed: {error!r}"
    return Ending(result="FAILED", code="INTERNAL_ERROR", message=message, life_cycle="INTERNAL_ERROR")


def refused(error: ApiError) -> Ending:
    """How a task ends that could not start as it is configured, or not for its principal."""
    code = "UNAUTHORIZED_ERROR" if error.status in {401, 403} else "INVALID_RUN_CONFIGURATION"
    return Ending(result="FAILED", code=code, message=error.message, life_cycle="INTERNAL_ERROR", error=error.message)


def timed_out(limit_s: float) -> Ending:
    """How a task or a run ends that took longer than it may."""
    return Ending(result="TIMEDOUT", code="CANCELED", message=f"Timed out after {limit_s:g} s.")


def run_to_end(work: Work, run_id: int) -> Ending:
    """The end of the attempt, whatever happens."""
    try:
        return work.run()
    except ApiError as error:
        return refused(error)
    except Exception as error:  # noqa: BLE001 - a bug of ours must end the task, not hang the run
        _log.exception("task run %s", run_id)
        return failed_by(error)
