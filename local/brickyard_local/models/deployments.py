"""Deployment jobs of models: which job, started for which version, and how that went.

What is to be started is a document of the transaction that makes the version ready: a kill loses no start, and the
job's token keeps it from starting twice.
Source: mlflow's `databricks_uc_registry_messages.proto`; docs.databricks.com/mlflow/deployment-job
"""

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter
from brickyard_local.models.ports import MANAGE, DeploymentJobs, Securables
from brickyard_local.models.versions import Versions
from brickyard_local.store import Document, Store

_PENDING = "pending_deployments"


class Deployments:
    """Connects models with jobs and starts them."""

    def __init__(self, store: Store, securables: Securables, versions: Versions, jobs: DeploymentJobs) -> None:
        self._store = store
        self._securables = securables
        self._versions = versions
        self._jobs = jobs

    def connect(self, caller: Caller, full_name: str, job_id: str) -> Document:
        """Set the job of a model; an empty id takes it off. Errors: InvalidParameter, PERMISSION_DENIED."""
        if job_id and not job_id.isdecimal():
            raise InvalidParameter(f"deployment_job_id is '{job_id}'; it must be the id of a job.")
        model = self._securables.reach(caller, full_name, MANAGE)
        if job_id:
            self._jobs.check(caller, model["owner"], int(job_id))
        with self._securables.change():
            model = self._securables.reach(caller, full_name, MANAGE)
            connected = {"job_id": int(job_id), "workspace_id": caller.workspace.workspace_id} if job_id else None
            return self._securables.put({**model, "deployment": connected})

    def version_ready(self, model: Document, version: Document) -> None:
        """Inside the transaction that makes a version ready: its job is to be started."""
        if model.get("deployment"):
            pending = {"key": version["key"], "version": version["version"], "model": model["full_name"]}
            # By the model's id: one that is made anew with the same name starts again with version 1.
            pending["token"] = f"deployment {model['id']}/{version['version']}"
            self._store.put(_PENDING, version["key"], {**pending, **model["deployment"], "owner": model["owner"]})

    def start_pending(self) -> None:
        """Start what is to be started; call outside of transactions."""
        for pending in self._store.all(_PENDING):
            workspace_id, job_id = pending["workspace_id"], pending["job_id"]
            # Records of before the token was kept started with this one.
            token = pending.get("token", f"deployment {pending['model']}/{pending['version']}")
            run_id = self._jobs.start(
                workspace_id, pending["owner"], job_id, pending["model"], pending["version"], token=token
            )
            with self._store.write():
                known = self._store.get("model_versions", pending["key"])
                if known is not None:
                    started = {"job_id": job_id, "workspace_id": workspace_id, "run_id": run_id}
                    self._versions.put({**known, "deployment": started})
                self._store.delete(_PENDING, pending["key"])

    def of_model(self, model: Document) -> Document:
        """The fields of mlflow's RegisteredModel."""
        connected = model.get("deployment")
        if not connected:
            return {}
        state = self._jobs.connection(connected["workspace_id"], model["owner"], connected["job_id"])
        return {"deployment_job_id": str(connected["job_id"]), "deployment_job_state": state}

    def of_version(self, model: Document, version: Document) -> Document:
        """The field of mlflow's ModelVersion."""
        started = version.get("deployment")
        if not started:
            return {}
        run_state, task = self._jobs.run_state(started["workspace_id"], started["run_id"])
        state = {
            "job_id": str(started["job_id"]),
            "run_id": str(started["run_id"] or ""),
            "job_state": self._jobs.connection(started["workspace_id"], model["owner"], started["job_id"]),
            "run_state": run_state,
            "current_task_name": task,
        }
        return {"deployment_job_state": state}
