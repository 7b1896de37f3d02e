"""Deployment jobs of registered models: started for each new version, with the rights of the model's owner.

Approval is a task that fails while a tag of the version is missing; after the tag is set the run is repaired.
Source: docs.databricks.com/mlflow/deployment-job; the states are those of mlflow's
`databricks_uc_registry_messages.proto` (DeploymentJobConnection, ModelVersionDeploymentJobState).
Gaps: the approve button of the UI, which sets the tag and repairs the run; here both are calls of their own.
Deviation: the run starts when the version's files are complete, and acts as the job's run_as.
"""

from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError, InvalidParameter
from brickyard_local.jobs.needs import CallerOf
from brickyard_local.jobs.records import Records
from brickyard_local.jobs.run_index import is_active
from brickyard_local.jobs.service import JobsService
from brickyard_local.jobs.starts import Starts
from brickyard_local.store import Document

PARAMETERS = frozenset({"model_name", "model_version"})
_WAITING = frozenset({"QUEUED", "PENDING", "BLOCKED"})
_APPROVAL = "approval"


class DeploymentJobs:
    """Jobs as registered models see them."""

    def __init__(self, records: Records, service: JobsService, starts: Starts, caller_of: CallerOf) -> None:
        self._records = records
        self._service = service
        self._starts = starts
        self._caller_of = caller_of

    def check(self, caller: Caller, owner: str, job_id: int) -> None:
        """Whether the job can be the model's. Errors: InvalidParameter, PermissionDenied for the model's owner."""
        owning = self._caller_of(caller.workspace.workspace_id, owner)
        job = self._service.get(owning, job_id, level="CAN_MANAGE_RUN")
        if missing := sorted(PARAMETERS - _parameters(job)):
            raise InvalidParameter(f"Job {job_id} lacks the job parameters {missing}, which a deployment job needs.")

    def connection(self, workspace_id: int, owner: str, job_id: int) -> str:
        """The state of the connection: CONNECTED, NOT_FOUND or REQUIRED_PARAMETERS_CHANGED."""
        try:
            job = self._service.get(self._caller_of(workspace_id, owner), job_id, level="CAN_MANAGE_RUN")
        except ApiError:
            return "NOT_FOUND"
        return "CONNECTED" if _parameters(job) >= PARAMETERS else "REQUIRED_PARAMETERS_CHANGED"

    def start(
        self, workspace_id: int, owner: str, job_id: int, full_name: str, version: int, *, token: str
    ) -> int | None:
        """Start the job for a version, once for a token; None when it cannot be started any more."""
        given = {"model_name": full_name, "model_version": str(version)}
        try:
            caller = self._caller_of(workspace_id, owner)
            return self._starts.start_as(caller, job_id, given, token=token)
        except ApiError:
            return None

    def run_state(self, workspace_id: int, run_id: int | None) -> tuple[str, str]:
        """The state of a version's run, and the task that it is about."""
        run = None if run_id is None else self._records.run(workspace_id, run_id)
        if run is None:
            return "NO_VALID_DEPLOYMENT_JOB_FOUND", ""
        last = {task["task_key"]: task for task in run["tasks"]}
        if is_active(run):
            running = [key for key, task in last.items() if task["life_cycle_state"] == "RUNNING"]
            return "PENDING" if run["life_cycle_state"] in _WAITING else "RUNNING", ", ".join(running)
        if run.get("result_state") in {"SUCCESS", "SUCCESS_WITH_FAILURES"}:
            return "SUCCEEDED", ""
        failed = next((key for key, task in last.items() if task.get("result_state") == "FAILED"), "")
        return "APPROVAL" if failed.lower().startswith(_APPROVAL) else "FAILED", failed


def _parameters(job: Document) -> set[str]:
    return {parameter["name"] for parameter in job["settings"].get("parameters") or []}
