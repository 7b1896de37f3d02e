"""The retraining trigger: a job that looks at a monitor's metrics, and starts another job when a limit is broken."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import Token
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, check_object_name, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.expressions import quoted
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs.job_reference import ReferencedJob
from brickyard_constructs.jobs.multi_task_job import MultiTaskJob, MultiTaskJobProps
from brickyard_constructs.jobs.notifications import Notifications
from brickyard_constructs.jobs.task import After, Task
from brickyard_constructs.jobs.task_types import Condition, RunJob
from brickyard_constructs.jobs.task_types import Notebook as NotebookTask
from brickyard_constructs.jobs.triggers import TableUpdate
from brickyard_constructs.monitoring.metric_query import Limit
from brickyard_constructs.monitoring.table_listing import all_there
from brickyard_constructs.workspace.folder import check_private
from brickyard_constructs.workspace.notebook import Notebook, NotebookProps

_DAY_S = 86_400
_QUIET_S = 300  # the two metric tables of a refresh are written one after the other
_CHECK = """# Databricks notebook source
# Written by Brickyard: which limits do the newest metrics break? The next task asks for `breached`.
import json

LIMITS = json.loads({limits!r})
broken = []
for name, query in LIMITS.items():
    found = spark.sql(query).first()
    print(f"{{name}}: {{found['value']}}, {{'broken' if found['breached'] else 'kept'}}")
    broken += [name] if found["breached"] else []
dbutils.jobs.taskValues.set(key="breached", value="true" if broken else "false")
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrainingTriggerProps:
    """Which limits, by name, over which metric tables; which job starts when one is broken; how often at most.

    `folder` holds the notebook that looks: a private one, such as the deployer's own under /Users. `run_as` reads the
    metric tables, and holds CAN_MANAGE_RUN on the job that it starts.
    """

    name: str
    limits: Mapping[str, Limit]
    retrain_job: str
    run_as: str
    folder: str
    permissions: tuple[Permission, ...]
    paused: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    between_s: int = _DAY_S
    quiet_s: int = _QUIET_S
    notifications: Notifications = field(default_factory=Notifications)
    ui_locked: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_object_name("name", self.name)
        for prop in ("limits", "retrain_job", "run_as"):
            check_not_empty(prop, getattr(self, prop))
        check_private("folder", self.folder)
        for table in self.metrics_tables:
            if not known(table):
                raise InvalidProps("limits", table, rule="plain names of tables: the notebook's text holds them")
        _ = self.trigger

    @property
    def metrics_tables(self) -> tuple[str, ...]:
        """The tables that are looked at, each once."""
        return tuple(sorted({limit.metric.metrics_table for limit in self.limits.values()}))

    @property
    def trigger(self) -> TableUpdate:
        """A refresh of any of the monitors, once it is through. Errors: InvalidProps."""
        return TableUpdate(
            tables=self.metrics_tables, paused=self.paused, between_s=self.between_s, quiet_s=self.quiet_s
        )

    @property
    def notebook(self) -> str:
        """The text of the notebook that looks."""
        queries = {name: limit.sql for name, limit in sorted(self.limits.items())}
        return _CHECK.format(limits=json.dumps(queries))


class RetrainingTrigger(Construct):
    """A job that starts with each refresh of a monitor, looks, and starts another job when a limit is broken.

    An alert cannot start a job, so the metric tables' own updates do. The job comes once those tables and the job
    that it starts are there.

    Creates: databricks_notebook and its databricks_permissions; databricks_job and its databricks_permissions, none or
    one.
    Source: docs.databricks.com/aws/en/jobs/trigger-table-update; docs/adr/0022 (why not an alert)
    """

    def __init__(self, scope: Construct, id_: str, props: RetrainingTriggerProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        retrain = ReferencedJob(self, "retrain", name=props.retrain_job)
        runs = Permission(level="CAN_RUN", service_principal=props.run_as)
        notebook = NotebookProps(path=f"{props.folder}/{props.name}", permissions=(runs,), content=props.notebook)
        looks = Notebook(self, "notebook", notebook)
        self._wanted = f"({all_there(self, props.metrics_tables)} && {retrain.exists})"
        self.job = MultiTaskJob(
            self,
            "job",
            self._job(looks.path, retrain.job_id),
            count=Token.as_number(f"${{{self._wanted} ? 1 : 0}}"),
        )

    @property
    def status(self) -> str:
        """A sentence, as a Terraform expression: what is looked at, or what is missing."""
        props = self._props
        tables = " and ".join(props.metrics_tables)
        there = f"{props.retrain_job} is started when {tables} breaks a limit."
        missing = (
            f"No retraining trigger yet: {tables} and the job {props.retrain_job} must be there first. "
            "Deploy this stack again then."
        )
        return f"${{{self._wanted} ? {quoted(there)} : {quoted(missing)}}}"

    def _job(self, notebook: str, job_id: float) -> MultiTaskJobProps:
        props = self._props
        breached = Condition(left="{{tasks.look.values.breached}}", operator="EQUAL_TO", right="true")
        return MultiTaskJobProps(
            name=props.name,
            run_as=props.run_as,
            tasks=(
                Task(key="look", does=NotebookTask(path=notebook)),
                Task(key="breached", does=breached, after=(After(key="look"),)),
                Task(
                    key="retrain",
                    does=RunJob(job_id=job_id, parameters=props.parameters),
                    after=(After(key="breached", outcome="true"),),
                ),
            ),
            permissions=props.permissions,
            trigger=props.trigger,
            # The run lasts as long as the one it starts.
            timeout_s=_DAY_S,
            notifications=props.notifications,
            ui_locked=props.ui_locked,
            tags=props.tags,
        )
