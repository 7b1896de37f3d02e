"""What Terraform deploys for a project: models, endpoints, jobs, tables, monitors."""

from collections.abc import Iterable
from string import Template
from typing import Literal

from pydantic import Field

from brickyard_stacks.settings.catalog import SCHEMA_NAMES
from brickyard_stacks.settings.deployment.endpoints import Endpoint
from brickyard_stacks.settings.deployment.jobs import INFERENCE, STREAMING, WORKFLOW, ExtraJob, Job, WorkflowJob
from brickyard_stacks.settings.deployment.models import Model
from brickyard_stacks.settings.deployment.monitors import (
    Alert,
    Dashboard,
    InferenceMonitor,
    Monitor,
    MonitoredMetric,
    SnapshotMonitor,
)
from brickyard_stacks.settings.deployment.promotion import Promotion
from brickyard_stacks.settings.deployment.steps import PUBLISHES, STORE
from brickyard_stacks.settings.deployment.tables import Table, Volume
from brickyard_stacks.settings.strict import Broken, Dotted, Kebab, Snake, Strict, Tags, rules_of_tags


class Serving(Strict):
    """How large the project's only endpoint is: the short form of `endpoints`."""

    workload_size: Literal["Small", "Medium", "Large"] = Field(default="Small", description="of its machines")
    scale_to_zero: bool = Field(default=True, description="whether nothing runs while nobody asks: a slow first answer")


class Deployment(Strict):
    """What Terraform deploys for the project."""

    tags: Tags = Field(default={}, description="on everything of the project that takes tags")
    job: WorkflowJob = Field(default_factory=WorkflowJob, description="how the workflow's job runs")
    inference: Job | None = Field(
        default=None,
        description="how the job that scores, monitors and retrains runs; default: no such job",
    )
    streaming: Job | None = Field(
        default=None,
        description="how the job that scores feature rows as they come runs, all the time without a schedule;"
        " default: no such job",
    )
    models: dict[Snake, Model] | None = Field(
        default=None, description="registered models by name; default: one, called as the project"
    )
    online_store: Kebab | None = Field(
        default=None,
        description="one of the environment's online stores, for what workflow.features.request asks there; default:"
        " none",
    )
    promotion: Promotion = Field(
        default_factory=Promotion, description="how a model comes into an environment, and who lets it"
    )
    serving: Serving | None = Field(default=None, description="the short form of one endpoint")
    endpoints: dict[Kebab, Endpoint] | None = Field(
        default=None, description="endpoints by name; default: one, called as the project; {} is none"
    )
    jobs: dict[Kebab, ExtraJob] = Field(default={}, description="jobs besides the workflow's, by name")
    tables: dict[Dotted, Table] = Field(default={}, description="tables that Terraform makes, by schema.table")
    volumes: dict[Dotted, Volume] = Field(default={}, description="volumes that Terraform makes, by schema.volume")
    monitors: dict[Dotted, Monitor] = Field(default={}, description="quality monitors by schema.table")
    alerts: dict[Kebab, Alert] = Field(default={}, description="SQL alerts by name")
    dashboard: Dashboard | None = Field(default=None, description="a page of what is measured; default: none")

    def broken_rules(self) -> Iterable[Broken]:
        """Names lead to something, and one thing is said once."""
        yield from rules_of_tags(self.tags)
        if self.serving is not None and self.endpoints is not None:
            yield Broken(key=("serving",), rule="endpoints says it all: remove one of the two")
        for name in (WORKFLOW, INFERENCE, STREAMING):
            if name in self.jobs:
                yield Broken(key=("jobs", name), rule="is the project's own job: give this one another name")
        for name, job in self.jobs.items():
            yield from self._rules_of_job(name, job)
        yield from self._rules_of_online_store()
        yield from self._rules_of_schemas()
        for name, alert in self.alerts.items():
            if alert.metric is not None:
                yield from self._rules_of_metric(("alerts", name, "metric"), alert.metric)
        if self.dashboard is not None and self.inference is None and not self._has_inference_monitor:
            rule = "shows what is measured, and nothing is: add inference, or a monitor of kind inference"
            yield Broken(key=("dashboard",), rule=rule)

    @property
    def _has_inference_monitor(self) -> bool:
        return any(isinstance(monitor, InferenceMonitor) for monitor in self.monitors.values())

    def _rules_of_online_store(self) -> Iterable[Broken]:
        """Own steps speak of a store that there is."""
        for step, work in self.job.steps.items() if self.online_store is None else ():
            if step == PUBLISHES:
                rule = "there is no such step without online_store: name the store, or remove this"
                yield Broken(key=("job", "steps", step), rule=rule)
            elif any(STORE in Template(text).get_identifiers() for text in work.texts()):
                rule = f"${STORE} stands for what online_store names, which is not given"
                yield Broken(key=("job", "steps", step), rule=rule)

    def _rules_of_schemas(self) -> Iterable[Broken]:
        """What a project makes or measures lies in a schema that every environment has."""
        for kind in ("tables", "volumes", "monitors"):
            for name in getattr(self, kind):
                if name.split(".")[0] not in SCHEMA_NAMES:
                    rule = f"begins with one of the schemas {', '.join(SCHEMA_NAMES)}"
                    yield Broken(key=(kind, name), rule=rule)

    def _rules_of_metric(self, at: tuple[str, ...], metric: MonitoredMetric) -> Iterable[Broken]:
        """What an alert looks at is measured."""
        monitor = self.monitors.get(metric.monitor)
        if monitor is None:
            rule = "names no monitor of the project; add it to monitors"
            yield Broken(key=(*at, "monitor"), rule=rule, choices=tuple(self.monitors))
            return
        granularities = () if isinstance(monitor, SnapshotMonitor) else monitor.granularities
        if metric.granularity is not None and metric.granularity not in granularities:
            rule = f"is not among the granularities of the monitor of {metric.monitor}"
            yield Broken(key=(*at, "granularity"), rule=rule, choices=granularities)
        if metric.against == "baseline" and monitor.baseline is None:
            yield Broken(key=(*at, "against"), rule=f"the monitor of {metric.monitor} has no baseline; give it one")

    def _rules_of_job(self, name: str, job: ExtraJob) -> Iterable[Broken]:
        there = {WORKFLOW, *self.jobs} - {name}
        for index, task in enumerate(job.tasks):
            if task.run_job is not None and task.run_job.job not in there:
                rule = f"another job of the project: {', '.join(sorted(there))}"
                yield Broken(key=("jobs", name, "tasks", index, "run_job", "job"), rule=rule)
