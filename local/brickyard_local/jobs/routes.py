"""Routes of /api/2.x/jobs and of the Spark session that task processes ask for. HTTP only.

Source: docs.databricks.com/api/workspace/jobs; docs.databricks.com/jobs/jobs-api-updates (2.1 and 2.2)
Gaps: runs/export. Pages of more than 100 tasks come with 2.2; earlier versions answer everything at once.
"""

import itertools
from collections.abc import Iterator
from typing import Annotated

from fastapi import Body, Query, Request

from brickyard_local.callers import CurrentCaller
from brickyard_local.jobs import answers
from brickyard_local.jobs.payloads import (
    JobId,
    JobIdOfRuns,
    ListJobs,
    ListRuns,
    RepairRun,
    ResetJob,
    RunId,
    RunNow,
    SubmitRun,
    UpdateJob,
)
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(tags=["jobs"])
_api = LazyRouter()
_VERSIONS = ("2.0", "2.1", "2.2")


@_api.post("/create")
def create(request: Request, body: Annotated[Document, Body()], caller: CurrentCaller, local: Local) -> Document:
    """Jobs made through 2.2 queue their runs unless they say otherwise."""
    return {"job_id": local.jobs.service.create(caller, body, queue=_is_paged(request))}


@_api.get("/get")
def get(request: Request, job_id: int, caller: CurrentCaller, local: Local, page_token: str | None = None) -> Document:
    """Errors: INVALID_PARAMETER_VALUE when there is no such job."""
    shown = answers.Shown(paged=_is_paged(request), page_token=page_token)
    return answers.job(local.jobs.service.get(caller, job_id), shown)


@_api.get("/list")
def list_jobs(asked: Annotated[ListJobs, Query()], caller: CurrentCaller, local: Local) -> Document:
    """Newest first."""
    asked.check()
    jobs = local.jobs.service.listed(caller, asked.name, asked.page_token)
    found, following = _page(jobs, limit=asked.limit or 100, key="job_id")
    answer: Document = {"has_more": following is not None}
    if found:
        answer["jobs"] = [answers.listed_job(job, expand_tasks=asked.expand_tasks) for job in found]
    return answer | ({"next_page_token": following} if following else {})


@_api.post("/reset")
def reset(body: ResetJob, caller: CurrentCaller, local: Local) -> Document:
    """Replace all settings."""
    local.jobs.service.reset(caller, body.job_id, body.new_settings)
    return {}


@_api.post("/update")
def update(body: UpdateJob, caller: CurrentCaller, local: Local) -> Document:
    """Set some settings, remove others."""
    local.jobs.service.update(caller, body.job_id, body.new_settings, body.fields_to_remove)
    return {}


@_api.post("/delete")
def delete(body: JobId, caller: CurrentCaller, local: Local) -> Document:
    """Delete the job, cancel its active runs."""
    local.jobs.service.delete(caller, body.job_id)
    return {}


@_api.post("/run-now")
def run_now(body: RunNow, caller: CurrentCaller, local: Local) -> Document:
    """Start a run."""
    run = local.jobs.runs.run_now(caller, body)
    return {"run_id": run["run_id"], "number_in_job": run["run_id"]}


@_api.get("/runs/get")
def get_run(  # noqa: PLR0913 - the query's fields
    request: Request,
    run_id: int,
    caller: CurrentCaller,
    local: Local,
    *,
    include_history: bool = False,
    include_resolved_values: bool = False,
    page_token: str | None = None,
) -> Document:
    """A run of a job, or one task attempt or iteration of it."""
    shown = answers.Shown(
        paged=_is_paged(request),
        page_token=page_token,
        history=include_history,
        resolved_values=include_resolved_values,
    )
    return local.jobs.runs.get(caller, run_id, shown)


@_api.get("/runs/get-output")
def get_run_output(run_id: int, caller: CurrentCaller, local: Local) -> Document:
    """Log and failure of a task attempt, also while it runs."""
    return local.jobs.runs.output(caller, run_id)


@_api.get("/runs/list")
def list_runs(asked: Annotated[ListRuns, Query()], caller: CurrentCaller, local: Local) -> Document:
    """Newest first."""
    asked.check()
    found = local.jobs.runs.listed(caller, asked)
    runs, following = _page(found, limit=asked.limit or 25, key="run_id")
    answer: Document = {"has_more": following is not None}
    if runs:
        expand = asked.expand_tasks
        answer["runs"] = [
            answers.listed_run(run, caller.workspace, local.jobs.runs.stats(run) if expand else {}, expand_tasks=expand)
            for run in runs
        ]
    return answer | ({"next_page_token": following} if following else {})


@_api.post("/runs/cancel")
def cancel_run(body: RunId, caller: CurrentCaller, local: Local) -> Document:
    """Ask for the end of a run."""
    local.jobs.runs.cancel(caller, body.run_id)
    return {}


@_api.post("/runs/cancel-all")
def cancel_all_runs(body: JobIdOfRuns, caller: CurrentCaller, local: Local) -> Document:
    """Ask for the end of every active run of a job, or of all that wait in the queue."""
    local.jobs.runs.cancel_all(caller, body.job_id, queued=body.all_queued_runs)
    return {}


@_api.post("/runs/submit")
def submit_run(body: SubmitRun, caller: CurrentCaller, local: Local) -> Document:
    """Start a one-time run."""
    return {"run_id": local.jobs.runs.submit(caller, body)["run_id"]}


@_api.post("/runs/repair")
def repair_run(body: RepairRun, caller: CurrentCaller, local: Local) -> Document:
    """Run failed tasks of an ended run again."""
    return {"repair_id": local.jobs.runs.repair(caller, body)}


@_api.get("/runs/export")
def export_run(run_id: int, caller: CurrentCaller, local: Local) -> Document:
    """Errors: NOT_IMPLEMENTED."""
    return local.jobs.runs.export(caller, run_id)


@_api.post("/runs/delete")
def delete_run(body: RunId, caller: CurrentCaller, local: Local) -> Document:
    """Forget an ended run and its logs."""
    local.jobs.runs.delete(caller, body.run_id)
    return {}


@router.post("/api/local/spark/session")
def spark_session(request: Request, caller: CurrentCaller, local: Local) -> Document:
    """Environment of a Spark session for the caller's own token; starts Spark when it does not run."""
    token = request.headers["authorization"].partition(" ")[2].strip()
    return {"environment": local.spark.environment(caller, token)}


def _is_paged(request: Request) -> bool:
    return request.url.path.startswith("/api/2.2/")


def _page(found: Iterator[Document], *, limit: int, key: str) -> tuple[list[Document], str | None]:
    """The first items of a list of falling ids, and the token of the next page: the last id of this one."""
    items = list(itertools.islice(found, limit + 1))
    return items[:limit], str(items[limit - 1][key]) if len(items) > limit else None


for _version in _VERSIONS:
    router.include_router(_api, prefix=f"/api/{_version}/jobs")
