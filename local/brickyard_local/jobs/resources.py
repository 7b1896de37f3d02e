"""Clusters and secrets of tasks: checked when a job is saved, resolved when a task starts.

A cluster is this machine; what counts of it here are its policy's rules, who may use it, its `spark_env_vars` and
libraries, and that a task ends with it.
Source: docs.databricks.com/security/secrets (`{{secrets/scope/key}}` in environment variables)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.jobs import clusters, settings
from brickyard_local.jobs.needs import BudgetPolicies, CallerOf, Compute, Secrets
from brickyard_local.jobs.processes import CANCELED, Assignment
from brickyard_local.jobs.records import Ending
from brickyard_local.jobs.work import Start, Work

_SECRET = re.compile(r"\{\{secrets/([^/{}]+)/([^/{}]+)\}\}")
CLUSTER_ENDED = Ending(
    result="FAILED",
    code="CLUSTER_ERROR",
    message="The cluster was terminated or restarted while the task ran.",
    life_cycle="INTERNAL_ERROR",
)
_SHORTEST_LINE = 4  # shorter ones would hide half of every log
_POLICY_FIELDS = ("policy_id", "apply_policy_default_values")


class Resources:
    """What tasks run with. Without a compute or a secrets service what needs it is refused by name."""

    def __init__(
        self,
        compute: Compute | None,
        secrets: Secrets | None,
        budget_policies: BudgetPolicies | None = None,
        *,
        admitted: CallerOf,
        caller_of: CallerOf,
    ) -> None:
        """`admitted` refuses who may not enter the workspace, `caller_of` only says who somebody is."""
        self._admitted = admitted
        self._caller_of = caller_of
        self._compute = compute
        self._secrets = secrets
        self._budget_policies = budget_policies

    def check(self, caller: Caller, job: Mapping[str, Any], *, runs_as: str) -> None:
        """When a job is saved that runs as the principal `runs_as`. Errors: as the compute service; NotEmulated.

        Whether that principal may enter is asked when a run starts: a job can be mended whoever it runs as.
        """
        self._check_budget_policy(caller, job.get("budget_policy_id"))
        shared = [cluster.get("new_cluster") or {} for cluster in job.get("job_clusters") or []]
        own = [task["new_cluster"] for task in settings.every_task(job) if task.get("new_cluster")]
        user = caller if runs_as == caller.principal else self._caller_of(caller.workspace.workspace_id, runs_as)
        for spec in shared + own:
            self._check_cluster(caller, spec, user)
        for task in settings.every_task(job):
            if task.get("existing_cluster_id") and self._compute is None:
                raise NotEmulated(f"'existing_cluster_id' of task '{task['task_key']}': there are no clusters here")

    def given(self, assignment: Assignment) -> Assignment:
        """With the variables and libraries of the task's cluster, for the run's principal.

        Errors: as both services; Unauthenticated, PermissionDenied for a principal that may not enter the workspace.
        """
        self._admitted(assignment.caller.workspace.workspace_id, assignment.caller.principal)
        spec = self._spec(assignment)
        secrets: list[str] = []
        found = spec.get("spark_env_vars") or {}
        environment = {name: self._resolved(assignment.caller, str(value), secrets) for name, value in found.items()}
        libraries = [*(assignment.task.get("libraries") or []), *(spec.get("libraries") or [])]
        task = {**assignment.task, "libraries": libraries} if libraries else assignment.task
        return replace(assignment, environment=environment, hidden=_unshown(secrets), task=task)

    def attached(self, assignment: Assignment, stop: Callable[[], None]) -> AbstractContextManager[None]:
        """Around the process: keeps its cluster from autotermination; `stop` is called when the cluster ends."""
        cluster_id = assignment.task.get("existing_cluster_id")
        if self._compute is None or not cluster_id:
            return nullcontext()
        return self._compute.attached(assignment.caller.workspace.workspace_id, cluster_id, stop)

    def _check_budget_policy(self, caller: Caller, policy_id: str | None) -> None:
        if policy_id and self._budget_policies is None:
            raise NotEmulated("'budget_policy_id' of a job: there are no budget policies here")
        if policy_id and self._budget_policies is not None:
            self._budget_policies.require_usable(caller, policy_id)

    def _check_cluster(self, caller: Caller, spec: Mapping[str, Any], runs_as: Caller) -> None:
        if self._compute is not None:
            self._compute.job_cluster(caller, dict(spec), runs_as=runs_as)
        elif named := [name for name in _POLICY_FIELDS if spec.get(name)]:
            raise NotEmulated(f"'{named[0]}' of a new_cluster: there are no cluster policies here")
        for name, value in (spec.get("spark_env_vars") or {}).items():
            if "{{secrets/" in str(value):
                if self._secrets is None:
                    raise NotEmulated(f"a secret in spark_env_vars ('{name}')")
                if "{{secrets/" in _SECRET.sub("", str(value)):
                    raise InvalidParameter(f"spark_env_vars '{name}': write {{{{secrets/<scope>/<key>}}}}.")

    def _spec(self, assignment: Assignment) -> Mapping[str, Any]:
        task = assignment.task
        if task.get("existing_cluster_id"):
            if self._compute is None:
                raise NotEmulated("'existing_cluster_id' of a task")
            return self._compute.attachable(assignment.caller, task["existing_cluster_id"])
        spec = clusters.new_cluster(assignment.settings, task)
        if spec is None or self._compute is None:
            return spec or {}
        return self._compute.job_cluster(assignment.caller, spec)

    def _resolved(self, caller: Caller, value: str, secrets: list[str]) -> str:
        def secret(match: re.Match[str]) -> str:
            if self._secrets is None:
                raise NotEmulated("a secret in spark_env_vars")
            secrets.append(self._secrets.value(caller, match[1], match[2]).decode())
            return secrets[-1]

        return _SECRET.sub(secret, value)


def _unshown(secrets: Sequence[str]) -> list[str]:
    """Secrets as they can stand in a line of a log: whole, and each line of those that have several."""
    lines = [line for secret in secrets for line in secret.splitlines() if len(line) >= _SHORTEST_LINE]
    return [text for text in [*secrets, *lines] if text]


class ProcessWork:
    """The attempt of a task that is a process: its resources first, then the process."""

    def __init__(self, assignment: Assignment, *, resources: Resources, start: Start) -> None:
        self._assignment = assignment
        self._resources = resources
        self._start = start
        self._work: Work | None = None
        self._cancelled = False
        self._cluster_ended = False

    def run(self) -> Ending:
        """Errors: ApiError of the compute and secrets services."""
        assignment = self._resources.given(self._assignment)
        with self._resources.attached(assignment, self._end_with_cluster):
            self._work = self._start(assignment)
            ending = CANCELED if self._cancelled or self._cluster_ended else self._work.run()
        return CLUSTER_ENDED if self._cluster_ended and ending == CANCELED and not self._cancelled else ending

    def cancel(self) -> None:
        """End the process, or keep it from starting."""
        self._cancelled = True
        if self._work is not None:
            self._work.cancel()

    def _end_with_cluster(self) -> None:
        self._cluster_ended = True
        if self._work is not None:
            self._work.cancel()

    def values(self) -> Mapping[str, Any]:
        """The task values that the process has set."""
        return self._work.values() if self._work is not None else {}
