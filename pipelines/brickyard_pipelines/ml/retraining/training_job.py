"""The job that trains, by its name: does it run, and start it once."""

from typing import TYPE_CHECKING

from brickyard_pipelines.errors import CannotRetrain

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import JobsAPI

_LONGEST_REASON = 1000


def job_id(jobs: "JobsAPI", name: str) -> int:
    """Errors: CannotRetrain unless exactly one job has the name."""
    found = [job.job_id for job in jobs.list(name=name) if job.job_id is not None]
    if len(found) != 1:
        raise CannotRetrain(
            f"{len(found)} jobs that this task may see are called {name!r}; exactly one must be. The project's stack"
            " makes it, and gives CAN_MANAGE_RUN on it to whom jobs run as."
        )
    return found[0]


def under_way(jobs: "JobsAPI", job: int) -> int | None:
    """A run of the job that has not ended."""
    return next((run.run_id for run in jobs.list_runs(job_id=job, active_only=True)), None)


def start(jobs: "JobsAPI", job: int, *, token: str, reason: str, land_until: str | None) -> int:
    """The run that this token stands for, started now unless it was before.

    A source that is replayed is replayed no further than this run was told.

    Errors: CannotRetrain with what the platform said.
    """
    from databricks.sdk.errors.base import DatabricksError

    try:
        parameters = {"reason": reason[:_LONGEST_REASON]} | ({"land_until": land_until} if land_until else {})
        run_id = jobs.run_now(job, idempotency_token=token, job_parameters=parameters).run_id
    except DatabricksError as error:
        raise CannotRetrain(
            f"The job {job} could not be started: {error}. The next run of this step tries again."
        ) from error
    if run_id is None:
        raise CannotRetrain(f"The job {job} was asked to start and answered without a run.")
    return run_id
