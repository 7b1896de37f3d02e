"""The rules of jobs: who may do what to them, and which settings they may have."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import run_as
from brickyard_local.jobs import settings as job_settings
from brickyard_local.jobs.needs import Grant, Permissions, Tokens
from brickyard_local.jobs.records import JOBS, Records, is_id
from brickyard_local.jobs.resources import Resources
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.settings import CheckTriggers
from brickyard_local.store import Document

_log = logging.getLogger("brickyard_local.jobs")

OBJECT_TYPE = "jobs"


class JobsService:
    """Jobs of all workspaces."""

    def __init__(  # noqa: PLR0913 - the rules of jobs touch most of the workspace
        self,
        records: Records,
        runner: Runner,
        *,
        permissions: Permissions,
        tokens: Tokens,
        resources: Resources,
        grant: Grant,
        check_triggers: CheckTriggers | None,
    ) -> None:
        self._records = records
        self._runner = runner
        self._permissions = permissions
        self._tokens = tokens
        self._resources = resources
        self._grant = grant
        self._check_triggers = check_triggers
        self._listeners: list[Callable[[int, int], None]] = []

    def when_changed(self, tell: Callable[[int, int], None]) -> None:
        """Tell (workspace id, job id) when a job was made, changed or deleted, before that is answered."""
        self._listeners.append(tell)

    def exists(self, workspace_id: int, job_id: str) -> bool:
        """Whether there is such a job; the permissions service asks."""
        return is_id(job_id) and self._records.knows_job(workspace_id, int(job_id))

    def create(self, caller: Caller, settings: dict[str, Any], *, queue: bool) -> int:
        """Create a job; answers its id. `queue`: whether runs of this job queue unless it says otherwise."""
        settings = dict(settings)
        access = settings.pop("access_control_list", None) or []
        principal = self.checked(caller, settings)
        with self._records.store.write():
            job_id = self._records.store.next_id()
            document = {
                "job_id": job_id,
                "creator": caller.principal,
                "run_as": principal,
                "created_time": now_ms(),
                "settings": settings,
                "queue_by_default": queue,
            }
            self._records.store.put(JOBS, job_id, document, scope=caller.workspace.workspace_id)
            self.own(caller, job_id, access)
        self._tell(caller, job_id)
        return job_id

    def checked(self, caller: Caller, settings: dict[str, Any], *, known: Document | None = None) -> str:
        """The principal that runs of these settings have. Errors: those of every rule that settings have."""
        job_settings.check(settings, self._check_triggers)
        principal = self._runs_as(caller, settings, known)
        self._resources.check(caller, settings, runs_as=principal)
        self._check_targets(caller, settings, None if known is None else known["job_id"])
        return principal

    def _runs_as(self, caller: Caller, settings: dict[str, Any], known: Document | None) -> str:
        if known is None:
            return run_as.principal_of(caller, settings, self._tokens, creator=caller.principal)
        return run_as.principal_of(caller, settings, self._tokens, creator=known["creator"], known=known["run_as"])

    def own(self, caller: Caller, job_id: int, access: list[Document]) -> None:
        """The caller owns the job; others get what `access` gives them. Errors: InvalidParameter."""
        self._permissions.own(caller, OBJECT_TYPE, str(job_id))
        if access:
            self._grant(caller, OBJECT_TYPE, str(job_id), access)

    def forget(self, caller: Caller, job_id: int) -> None:
        """The job is gone."""
        self._permissions.forget(caller.workspace.workspace_id, OBJECT_TYPE, str(job_id))

    def require(self, caller: Caller, job_id: int, level: str) -> None:
        """Errors: InvalidParameter when there is no such job, PermissionDenied."""
        if not self._records.knows_job(caller.workspace.workspace_id, job_id):
            raise InvalidParameter(f"Job {job_id} does not exist.")
        self._permissions.require(caller, OBJECT_TYPE, str(job_id), level)

    def viewable(self, caller: Caller) -> frozenset[str] | None:
        """Ids of the jobs that the caller may see with their runs, those of one-time runs too; None: all."""
        return self._permissions.reached(caller, OBJECT_TYPE, "CAN_VIEW")

    def may_run(self, caller: Caller, job_id: int) -> bool:
        """Whether the caller may start and cancel runs of the job."""
        return self._permissions.holds(caller, OBJECT_TYPE, str(job_id), "CAN_MANAGE_RUN")

    def triggered_jobs(self, workspace_id: int) -> Iterator[Document]:
        """Jobs that have a schedule, a trigger or are continuous."""
        for document in self._records.jobs(workspace_id):
            if any(document["settings"].get(name) for name in ("schedule", "trigger", "continuous")):
                yield document

    def get(self, caller: Caller, job_id: int, *, level: str = "CAN_VIEW") -> Document:
        """Errors: InvalidParameter when there is no such job, PermissionDenied."""
        document = self._records.job(caller.workspace.workspace_id, job_id)
        if document is None:
            raise InvalidParameter(f"Job {job_id} does not exist.")
        self._permissions.require(caller, OBJECT_TYPE, str(job_id), level)
        return document

    def listed(self, caller: Caller, name: str | None, page_token: str | None = None) -> Iterator[Document]:
        """Jobs that the caller may view, newest first; `name` is matched whole, without regard to case."""
        if page_token is not None and not is_id(page_token):
            raise InvalidParameter(f"page_token '{page_token}' is not one that a list has answered.")
        before = int(page_token) if page_token else None
        workspace_id = caller.workspace.workspace_id
        for job_id in self._records.job_ids(workspace_id, name, before, among=self.viewable(caller)):
            document = self._records.job(workspace_id, job_id)
            if document is not None:
                yield document

    def reset(self, caller: Caller, job_id: int, settings: dict[str, Any]) -> None:
        """Replace all settings."""
        self._change(caller, job_id, lambda _known: settings)

    def update(self, caller: Caller, job_id: int, changes: dict[str, Any], removed: list[str]) -> None:
        """Set and remove top-level settings; tasks, environments and clusters are merged by their keys."""

        def changed(known: Document) -> dict[str, Any]:
            settings = dict(known)
            for field in removed:
                _remove(settings, field)
            for field, value in changes.items():
                settings[field] = _merged(settings.get(field), value, _KEYS.get(field))
            return settings

        self._change(caller, job_id, changed)

    def delete(self, caller: Caller, job_id: int) -> None:
        """Delete the job and cancel its active runs; ended runs stay."""
        scope = caller.workspace.workspace_id
        with self._records.store.write():
            self.get(caller, job_id, level="CAN_MANAGE")
            self._records.store.delete(JOBS, job_id, scope=scope)
            self.forget(caller, job_id)
        for run in self._records.runs(scope, job_id, active=True):  # none can be added any more
            self._runner.cancel(run, None)
        self._tell(caller, job_id)

    def _change(self, caller: Caller, job_id: int, change: Callable[[Document], dict[str, Any]]) -> None:
        """As often as somebody else's change comes between: none that was answered is lost, none brings a job back."""
        while not self._changed(caller, self.get(caller, job_id, level="CAN_MANAGE"), change):
            pass
        self._tell(caller, job_id)

    def _changed(self, caller: Caller, known: Document, change: Callable[[Document], dict[str, Any]]) -> bool:
        settings = change(known["settings"])
        document = {**known, "settings": settings, "run_as": self.checked(caller, settings, known=known)}
        with self._records.store.write():
            if self.get(caller, known["job_id"], level="CAN_MANAGE") != known:
                return False
            self._records.store.put(JOBS, known["job_id"], document, scope=caller.workspace.workspace_id)
        return True

    def _tell(self, caller: Caller, job_id: int) -> None:
        """Outside of transactions: listeners have locks of their own. What fails in one undoes no change."""
        for tell in self._listeners:
            try:
                tell(caller.workspace.workspace_id, job_id)
            except Exception:  # noqa: BLE001 - the change is stored: it is answered as such
                _log.exception("a listener failed on the change of job %s", job_id)

    def _check_targets(self, caller: Caller, settings: Mapping[str, Any], own_id: int | None) -> None:
        """Jobs that Run Job tasks name must exist and not lead back here. Errors: InvalidParameter."""
        seen: set[int] = set()
        named = _targets(settings)
        wanted = set(named)
        while wanted:
            job_id = wanted.pop()
            document = self._records.job(caller.workspace.workspace_id, job_id)
            if job_id == own_id:
                raise InvalidParameter(
                    f"A run_job_task leads back to job {job_id} itself: jobs cannot run in a circle."
                )
            if document is None and job_id in named:
                raise InvalidParameter(f"A run_job_task names job {job_id}, which does not exist.")
            if document is not None and job_id not in seen:
                wanted |= _targets(document["settings"])
            seen.add(job_id)


_KEYS = {
    "tasks": "task_key",
    "environments": "environment_key",
    "job_clusters": "job_cluster_key",
    "parameters": "name",
}


def _targets(settings: Mapping[str, Any]) -> set[int]:
    tasks = job_settings.every_task(settings)
    return {int(task["run_job_task"]["job_id"]) for task in tasks if task.get("run_job_task")}


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
