"""A step of a job: what it does, after which others, on which compute, and how often it is tried."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cdktf_cdktf_provider_databricks import job as job_bindings

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_at_least, check_between, check_each_once, check_not_empty, check_one_of
from brickyard_constructs.compute.library import Library
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.jobs.ai_runtime import AiRuntime
from brickyard_constructs.jobs.task_types import Compute, Condition, TaskType

_RUN_IF = ("ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED")
_OUTCOMES = ("true", "false")
_ONE = Blocks(job_bindings, "JobTask")
_REPEATED = Blocks(job_bindings, "JobTaskForEachTaskTask")


@dataclass(frozen=True, kw_only=True, slots=True)
class After:
    """A task to wait for; of a condition, with the outcome that lets this one start."""

    key: str
    outcome: str | None = None

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)
        if self.outcome is not None:
            check_one_of("outcome", self.outcome, _OUTCOMES)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForEach:
    """The same task once for each of `inputs`: a JSON array, or a reference to one. It sees its own as `{{input}}`."""

    COMPUTE: ClassVar[Compute] = "none"

    inputs: str
    task: "Task"
    concurrency: int = 1

    def __post_init__(self) -> None:
        check_not_empty("inputs", self.inputs)
        check_between("concurrency", self.concurrency, 1, 100)
        if isinstance(self.task.does, ForEach | AiRuntime) or self.task.after:
            raise InvalidProps("task", self.task.key, rule="what is repeated is one plain task, after no other")

    def block(self, place: Blocks, environments: frozenset[str]) -> dict[str, Any]:
        """The task's own block."""
        repeated = self.task.block(_REPEATED, environments=environments)
        for_each = place.below("ForEachTask")
        return {"for_each_task": for_each.make(inputs=self.inputs, concurrency=self.concurrency, task=repeated)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One step. `compute` is the key of the job's environment or cluster.

    A task that was given no retries is tried once. `timeout_s` is per attempt; none is the job's own.
    """

    key: str
    does: "TaskType | AiRuntime | ForEach"
    after: tuple[After, ...] = ()
    compute: str | None = None
    run_if: str = "ALL_SUCCESS"
    max_retries: int = 0
    retry_after_s: int | None = None
    retry_on_timeout: bool = False
    timeout_s: int | None = None
    libraries: tuple[Library, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)
        check_each_once("after", [each.key for each in self.after])
        check_one_of("run_if", self.run_if, _RUN_IF)
        check_at_least("max_retries", self.max_retries, -1)
        if self.does.COMPUTE == "needed" and self.compute is None:
            raise InvalidProps("compute", None, rule=f"{self.key} needs an environment or a cluster of the job")
        if self.does.COMPUTE == "none" and (self.compute is not None or self.libraries):
            rule = f"{self.key} runs on no compute of the job, and installs nothing"
            raise InvalidProps("compute, libraries", self.compute, rule=rule)
        if isinstance(self.does, Condition) and self.max_retries:
            raise InvalidProps("max_retries", self.max_retries, rule=f"{self.key} is a condition: it is asked once")

    def block(self, place: Blocks = _ONE, *, environments: frozenset[str] = frozenset()) -> Any:
        """As a job takes it."""
        named = "environment_key" if self.compute in environments else "job_cluster_key"
        # By key: the provider reads them so, and shows a change in every plan otherwise.
        after = sorted(self.after, key=lambda each: each.key)
        waits = [place.below("DependsOn").make(task_key=each.key, outcome=each.outcome) for each in after]
        does = self.does
        own = does.block(place, environments) if isinstance(does, ForEach) else does.block(place)
        return place.make(
            task_key=self.key,
            description=self.description or None,
            depends_on=waits or None,
            run_if=None if self.run_if == "ALL_SUCCESS" else self.run_if,
            max_retries=self.max_retries,
            min_retry_interval_millis=None if self.retry_after_s is None else self.retry_after_s * 1000,
            retry_on_timeout=self.retry_on_timeout or None,
            timeout_seconds=self.timeout_s,
            library=[each.block(place.below("Library")) for each in self.libraries] or None,
            **({named: self.compute} if self.compute else {}),
            **own,
        )
