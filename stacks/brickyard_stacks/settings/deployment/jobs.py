"""A project's jobs: the workflow's, and extra ones with tasks and clusters of their own."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.deployment.clusters import Cluster
from brickyard_stacks.settings.deployment.schedule import Schedule, Trigger
from brickyard_stacks.settings.deployment.steps import OwnStep, StepName
from brickyard_stacks.settings.deployment.tasks import Parameters, Task
from brickyard_stacks.settings.strict import Broken, Kebab, Strict

WORKFLOW, INFERENCE, STREAMING = "workflow", "inference", "streaming"

TimeoutMinutes = Annotated[int, Field(ge=1, le=7 * 24 * 60, description="minutes until a run is ended, 1 to 10080")]
Retries = Annotated[int, Field(ge=0, le=10, description="how often a failed task is tried again, 0 to 10")]


class Job(Strict):
    """How one of the project's own jobs runs."""

    timeout_minutes: TimeoutMinutes = 60
    max_retries: Retries = 0
    schedule: Schedule | None = Field(default=None, description="when it starts by itself")


class WorkflowJob(Job):
    """How the project's workflow runs, and which of its steps are the team's own."""

    steps: dict[StepName, OwnStep] = Field(default={}, description="the team's own steps; default: ours")


class ExtraJob(Strict):
    """A job besides the workflow, such as a fine-tuning run on a GPU cluster."""

    tasks: Annotated[tuple[Task, ...], Field(strict=False, min_length=1)] = Field(
        description="each after those it needs"
    )
    clusters: dict[Kebab, Cluster] = Field(default={}, description="job clusters by name")
    parameters: Parameters = Field(default={}, description="of the job, with their defaults")
    schedule: Schedule | None = Field(default=None, description="when it starts by itself")
    trigger: Trigger | None = Field(default=None, description="what starts it by itself")
    timeout_minutes: TimeoutMinutes = 60
    max_retries: Retries = 0
    max_concurrent_runs: int = Field(default=1, ge=1, le=1000, description="runs at the same time, 1 to 1000")
    queue: bool = Field(default=True, description="whether a run waits when it cannot start")
    warn_after_minutes: TimeoutMinutes | None = Field(default=None, description="minutes after which a run is reported")

    def broken_rules(self) -> Iterable[Broken]:
        """Tasks name each other and their clusters; a job starts by one thing."""
        if self.schedule is not None and self.trigger is not None:
            yield Broken(key=("trigger",), rule="schedule or trigger, not both")
        keys = [task.key for task in self.tasks]
        if len(set(keys)) != len(keys):
            yield Broken(key=("tasks",), rule="each key stands once")
        for index, task in enumerate(self.tasks):
            yield from self._rules_of_task(index, task, set(keys[:index]))

    def _rules_of_task(self, index: int, task: Task, before: set[str]) -> Iterable[Broken]:
        """Tasks stand after those they depend on, so that no circle can be written."""
        if unknown := [key for key in task.depends_on if key not in before]:
            rule = f"names a task that stands above it; {', '.join(unknown)} does not"
            yield Broken(key=("tasks", index, "depends_on"), rule=rule)
        if task.compute != "serverless" and task.compute not in self.clusters:
            there = ", ".join(self.clusters) or "none"
            yield Broken(key=("tasks", index, "compute"), rule=f"serverless, or one of the job's clusters: {there}")
