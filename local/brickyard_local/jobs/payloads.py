"""Request bodies of the Jobs API. Unknown fields are refused, so that nothing configured is lost.

Source: docs.databricks.com/api/workspace/jobs
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from brickyard_local.errors import InvalidParameter, NotEmulated

_LONGEST_TOKEN = 64

Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A number of the API: larger ones fit neither its clients nor the store."""


class _Body(BaseModel, defer_build=True):
    model_config = ConfigDict(extra="forbid")


class ResetJob(_Body):
    """Replace all settings of a job."""

    job_id: Int64
    new_settings: dict[str, Any]


class UpdateJob(_Body):
    """Set some settings of a job, remove others."""

    job_id: Int64
    new_settings: dict[str, Any] = Field(default_factory=dict)
    fields_to_remove: list[str] = Field(default_factory=list)


class JobId(_Body):
    """A job."""

    job_id: Int64


class RunId(_Body):
    """A run."""

    run_id: Int64


class JobIdOfRuns(_Body):
    """All runs of a job, or all that wait in the queue."""

    job_id: Int64 | None = None
    all_queued_runs: bool = False


class Queue(BaseModel, defer_build=True):
    """Whether a run may wait for its turn."""

    enabled: bool


class _Parameters(BaseModel, defer_build=True):
    """A body that may also name the older kinds of parameters, which would have no effect here."""

    model_config = ConfigDict(extra="allow")

    job_parameters: dict[str, str] = Field(default_factory=dict)
    performance_target: str | None = None

    def check(self, of: str) -> None:
        """Errors: NotEmulated for fields that would have no effect here."""
        for name, value in (self.model_extra or {}).items():
            if value not in (None, "", [], {}):
                raise NotEmulated(f"'{name}' of {of}; give job_parameters")


class RunNow(_Parameters):
    """Start a run of a job."""

    job_id: Int64
    idempotency_token: str | None = Field(default=None, max_length=_LONGEST_TOKEN)
    queue: Queue | None = None


class RepairRun(_Parameters):
    """Run tasks of an ended run again."""

    run_id: Int64
    rerun_tasks: list[str] = Field(default_factory=list)
    rerun_all_failed_tasks: bool = False
    rerun_dependent_tasks: bool = False
    latest_repair_id: Int64 | None = None


class SubmitRun(BaseModel, defer_build=True):
    """A one-time run. What is not named here are settings as a job has them."""

    model_config = ConfigDict(extra="allow")

    run_name: str | None = None
    idempotency_token: str | None = Field(default=None, max_length=_LONGEST_TOKEN)
    access_control_list: list[dict[str, Any]] = Field(default_factory=list)

    def settings(self) -> dict[str, Any]:
        """The settings of the job that this run is the only one of."""
        return {**(self.model_extra or {}), "name": self.run_name or "Untitled"}


class ListJobs(BaseModel, defer_build=True):
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


class ListRuns(BaseModel, defer_build=True):
    """Which runs to list. A limit of 0 means the largest."""

    job_id: Int64 | None = None
    active_only: bool = False
    completed_only: bool = False
    start_time_from: Int64 | None = None
    start_time_to: Int64 | None = None
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
        if self.run_type not in {"JOB_RUN", "SUBMIT_RUN", "WORKFLOW_RUN"}:
            raise InvalidParameter(f"run_type '{self.run_type}' is unknown: JOB_RUN, SUBMIT_RUN or WORKFLOW_RUN.")
