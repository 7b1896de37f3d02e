"""Request bodies of the Jobs API. Unknown fields are refused, so that nothing configured is lost.

Source: docs.databricks.com/api/workspace/jobs
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from brickyard_local.errors import InvalidParameter, NotEmulated


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResetJob(_Body):
    """Replace all settings of a job."""

    job_id: int
    new_settings: dict[str, Any]


class UpdateJob(_Body):
    """Set some settings of a job, remove others."""

    job_id: int
    new_settings: dict[str, Any] = Field(default_factory=dict)
    fields_to_remove: list[str] = Field(default_factory=list)


class JobId(_Body):
    """A job."""

    job_id: int


class RunId(_Body):
    """A run."""

    run_id: int


class JobIdOfRuns(_Body):
    """All runs of a job."""

    job_id: int | None = None
    all_queued_runs: bool = False


class Queue(BaseModel):
    """Whether a run may wait for its turn."""

    enabled: bool


class RunNow(BaseModel):
    """Start a run of a job. Only what serverless Python tasks take is emulated."""

    model_config = ConfigDict(extra="allow")

    job_id: int
    idempotency_token: str | None = Field(default=None, max_length=64)
    job_parameters: dict[str, str] = Field(default_factory=dict)
    queue: Queue | None = None
    performance_target: str | None = None

    def check(self) -> None:
        """Errors: NotEmulated for run-now fields that would have no effect here."""
        for name, value in (self.model_extra or {}).items():
            if value not in (None, "", [], {}):
                raise NotEmulated(f"'{name}' of run-now; give job_parameters")


class ListJobs(BaseModel):
    """Which jobs to list. A limit of 0 means the largest."""

    name: str | None = None
    limit: int = Field(default=20, ge=0, le=100)
    page_token: str | None = None
    offset: int = 0
    expand_tasks: bool = False

    def check(self) -> None:
        """Errors: InvalidParameter for what newer versions of the API no longer have."""
        if self.offset:
            raise InvalidParameter("'offset' is gone from jobs/list since 2.1: use page_token.")


class ListRuns(BaseModel):
    """Which runs to list. A limit of 0 means the largest."""

    job_id: int | None = None
    active_only: bool = False
    completed_only: bool = False
    start_time_from: int | None = None
    start_time_to: int | None = None
    run_type: str = "JOB_RUN"
    limit: int = Field(default=20, ge=0, le=1000)
    page_token: str | None = None
    offset: int = 0
    expand_tasks: bool = False

    def check(self) -> None:
        """Errors: InvalidParameter for filters that contradict each other or are gone."""
        if self.active_only and self.completed_only:
            raise InvalidParameter("active_only and completed_only cannot both be true.")
        if self.offset:
            raise InvalidParameter("'offset' is gone from jobs/runs/list: use page_token.")
