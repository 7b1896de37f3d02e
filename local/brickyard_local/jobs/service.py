"""The rules of jobs: who may do what to them, and which settings they may have."""

from collections.abc import Iterator
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, NotEmulated, PermissionDenied
from brickyard_local.jobs import settings as job_settings
from brickyard_local.jobs.needs import Permissions, Tokens
from brickyard_local.jobs.records import JOBS, Records, is_active
from brickyard_local.jobs.runner import Runner
from brickyard_local.store import Document

OBJECT_TYPE = "jobs"


class JobsService:
    """Jobs of all workspaces."""

    def __init__(self, records: Records, runner: Runner, *, permissions: Permissions, tokens: Tokens) -> None:
        self._records = records
        self._runner = runner
        self._permissions = permissions
        self._tokens = tokens

    def exists(self, workspace_id: int, job_id: str) -> bool:
        """Whether there is such a job; the permissions service asks."""
        return job_id.isdigit() and self._records.job(workspace_id, int(job_id)) is not None

    def create(self, caller: Caller, settings: dict[str, Any], *, queue: bool) -> int:
        """Create a job; answers its id. `queue`: whether runs of this job queue unless it says otherwise."""
        settings = dict(settings)
        access = settings.pop("access_control_list", None)
        if access:
            raise NotEmulated("access_control_list of jobs/create; give it to the permissions API")
        job_settings.check(settings)
        run_as = self._run_as(caller, settings, caller.principal)
        with self._records.store.write():
            job_id = self._records.store.next_id()
            document = {
                "job_id": job_id,
                "creator": caller.principal,
                "run_as": run_as,
                "created_time": now_ms(),
                "settings": settings,
                "queue_by_default": queue,
            }
            self._records.store.put(JOBS, job_id, document, scope=caller.workspace.workspace_id)
            self._permissions.own(caller, OBJECT_TYPE, str(job_id))
        return job_id

    def get(self, caller: Caller, job_id: int, *, level: str = "CAN_VIEW") -> Document:
        """Errors: InvalidParameter when there is no such job, PermissionDenied."""
        document = self._records.job(caller.workspace.workspace_id, job_id)
        if document is None:
            raise InvalidParameter(f"Job {job_id} does not exist.")
        self._permissions.require(caller, OBJECT_TYPE, str(job_id), level)
        return document

    def listed(self, caller: Caller, name: str | None) -> Iterator[Document]:
        """Jobs that the caller may view, newest first; `name` is matched whole, without regard to case."""
        for document in self._records.jobs(caller.workspace.workspace_id):
            own = document["settings"].get("name", "Untitled")
            if (name is None or own.lower() == name.lower()) and self._permissions.holds(
                caller, OBJECT_TYPE, str(document["job_id"]), "CAN_VIEW"
            ):
                yield document

    def reset(self, caller: Caller, job_id: int, settings: dict[str, Any]) -> None:
        """Replace all settings."""
        document = self.get(caller, job_id, level="CAN_MANAGE")
        self._change(caller, document, settings)

    def update(self, caller: Caller, job_id: int, changes: dict[str, Any], removed: list[str]) -> None:
        """Set and remove top-level settings; tasks, environments and clusters are merged by their keys."""
        document = self.get(caller, job_id, level="CAN_MANAGE")
        settings = dict(document["settings"])
        for field in removed:
            _remove(settings, field)
        for field, value in changes.items():
            settings[field] = _merged(settings.get(field), value, _KEYS.get(field))
        self._change(caller, document, settings)

    def delete(self, caller: Caller, job_id: int) -> None:
        """Delete the job and cancel its active runs; ended runs stay."""
        document = self.get(caller, job_id, level="CAN_MANAGE")
        scope = caller.workspace.workspace_id
        for run in self._records.runs(scope, document["job_id"]):
            if is_active(run):
                self._runner.cancel(run, None)
        with self._records.store.write():
            self._records.store.delete(JOBS, job_id, scope=scope)
            self._permissions.forget(scope, OBJECT_TYPE, str(job_id))

    def _change(self, caller: Caller, document: Document, settings: dict[str, Any]) -> None:
        job_settings.check(settings)
        run_as = self._run_as(caller, settings, document["creator"], known=document["run_as"])
        changed = {**document, "settings": settings, "run_as": run_as}
        self._records.store.put(JOBS, document["job_id"], changed, scope=caller.workspace.workspace_id)

    def _run_as(self, caller: Caller, settings: dict[str, Any], default: str, known: str = "") -> str:
        """Errors: InvalidParameter for an unknown principal, PermissionDenied for one that is not the caller's own."""
        asked = {name: value for name, value in (settings.get("run_as") or {}).items() if value}
        if not asked:
            return default
        if len(asked) != 1 or not set(asked) <= {"user_name", "service_principal_name"}:
            raise InvalidParameter(f"run_as must name one user_name or service_principal_name; got {asked}.")
        principal = str(next(iter(asked.values())))
        if not self._tokens.principal_exists(principal):
            raise InvalidParameter(
                f"run_as names '{principal}', which this account does not have. A service principal is named by its "
                "application id."
            )
        if principal not in {caller.principal, known} and not caller.is_admin:
            raise PermissionDenied(
                f"'{caller.principal}' may not let a job run as '{principal}': here only a workspace admin may name "
                "another principal (the role servicePrincipal.user is not emulated)."
            )
        return principal


_KEYS = {
    "tasks": "task_key",
    "environments": "environment_key",
    "job_clusters": "job_cluster_key",
    "parameters": "name",
}


def _merged(old: Any, new: Any, key: str | None) -> Any:
    if key is None or not isinstance(old, list) or not isinstance(new, list):
        return new
    changed = {item.get(key): item for item in new}
    kept = [changed.pop(item[key], item) for item in old]
    return kept + list(changed.values())


def _remove(settings: dict[str, Any], field: str) -> None:
    name, _, item = field.partition("/")
    if item and name in _KEYS:
        settings[name] = [entry for entry in settings.get(name) or [] if entry[_KEYS[name]] != item]
    elif item:
        raise InvalidParameter(f"fields_to_remove: '{field}' is unknown; items of {sorted(_KEYS)} can be named.")
    else:
        settings.pop(name, None)
