"""databricks_job: a job of tasks.

Gaps, refused at plan time: jobs without a `task` block (Jobs API 2.0), `always_running`, `control_run_state`,
`provider_config`.
"""

import re
from typing import Any

from brickyard_local.provider.errors import ApiError, InvalidValue, NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.jobs.behaviour import JOB
from brickyard_local.provider.wire.values import Value

_JOBS = "/api/2.2/jobs"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NOT_EMULATED = ("always_running", "control_run_state", "new_cluster", "provider_config")
_NO_QUEUE = {"enabled": False}
"""Jobs API 2.2 queues runs unless told otherwise; the genuine provider tells it otherwise."""


class Job(Resource):
    """A job of tasks. The workspace keeps tasks, and this provider reads them, in the order of their keys."""

    type_name = "databricks_job"
    import_form = "<job id>"
    behaviour = JOB

    def create(self, session: Session, planned: State) -> str:
        settings = _sorted(_settings(session, planned))
        return str(session.api.post(f"{_JOBS}/create", settings)["job_id"])

    def read(self, session: Session, state: State) -> Found | None:
        job_id = str(state["id"])
        try:
            job = session.api.get(f"{_JOBS}/get", {"job_id": job_id})
        except ApiError as error:
            if f"Job {job_id} does not exist" in error.summary:
                return None
            raise
        settings = _sorted({**job["settings"], **_run_as(job)})
        return {**session.found(settings), "url": session.url("#job/", job_id)}

    def update(self, session: Session, prior: State, planned: State) -> str:
        body = {"job_id": int(str(prior["id"])), "new_settings": _settings(session, planned)}
        session.api.post(f"{_JOBS}/reset", body)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        try:
            session.api.post(f"{_JOBS}/delete", {"job_id": int(str(prior["id"]))})
        except ApiError as error:
            if "does not exist" not in error.summary:
                raise

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        if not planned.get("task"):
            raise InvalidValue(
                "The offline provider emulates jobs of `task` blocks only", "Put the task into a task block."
            )
        refused = [argument for argument in _NOT_EMULATED if planned.get(argument)]
        if refused:
            raise NotEmulated("argument", f"databricks_job.{refused[0]}")
        return planned


def _settings(session: Session, planned: State) -> dict[str, Any]:
    """The size of a cluster is sent also when it is zero."""
    settings = {"queue": _NO_QUEUE, **session.body(planned)}
    for holder in (*settings.get("job_clusters", []), *settings.get("tasks", [])):
        cluster = holder.get("new_cluster")
        if cluster is not None and "autoscale" not in cluster:
            cluster.setdefault("num_workers", 0)
    return settings


def _sorted(settings: dict[str, Any]) -> dict[str, Any]:
    """Tasks by key, and what each depends on."""
    tasks = sorted(settings.get("tasks") or [], key=lambda task: str(task["task_key"]))
    return {**settings, "tasks": [_sorted_task(task) for task in tasks]}


def _sorted_task(task: dict[str, Any]) -> dict[str, Any]:
    if not task.get("depends_on"):
        return task
    return {**task, "depends_on": sorted(task["depends_on"], key=lambda before: str(before["task_key"]))}


def _run_as(job: dict[str, Any]) -> dict[str, Any]:
    """Who the job runs as stands beside the settings; a service principal is known by its UUID."""
    name = job.get("run_as_user_name")
    if not name:
        return {}
    is_service_principal = _UUID.fullmatch(name) is not None
    return {"run_as": {"service_principal_name" if is_service_principal else "user_name": name}}
