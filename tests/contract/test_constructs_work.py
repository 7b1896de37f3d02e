"""Policies, warehouses, jobs, notebooks and alerts as constructs make them: applied, unchanged, changed, destroyed.

With the genuine provider where BRICKYARD_GENUINE_PROVIDER names it, and with the offline one.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.compute import (
    ClusterPolicy,
    ClusterPolicyProps,
    ClusterSpec,
    PolicyLimits,
    SqlWarehouse,
    SqlWarehouseProps,
    gpu_definition,
    job_definition,
    ml_definition,
    personal_definition,
)
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import (
    After,
    Condition,
    Cron,
    ForEach,
    Health,
    JobCluster,
    MultiTaskJob,
    MultiTaskJobProps,
    Periodic,
    RunJob,
    ServerlessEnvironment,
    Sql,
    Task,
)
from brickyard_constructs.jobs import Notebook as NotebookTask
from brickyard_constructs.ml import DeploymentJob, DeploymentJobProps
from brickyard_constructs.monitoring import SqlAlert, SqlAlertProps
from brickyard_constructs.workspace import Notebook, NotebookProps, WorkspaceFile, WorkspaceFileProps
from brickyard_local.pytest_plugin import LocalWorkspace

LIMITS = PolicyLimits(node_types=("m5d.large",), max_workers=2, tags={"team": "ml"})
GPUS = PolicyLimits(node_types=("g5.xlarge",), tags={"team": "ml"})
POLICIES = {
    "personal": personal_definition(LIMITS),
    "job": job_definition(LIMITS),
    "ml": ml_definition(LIMITS),
    "gpu": gpu_definition(GPUS),
}
HOME = "/Users/robot"

pytestmark = [pytest.mark.slow]


PROVIDERS = [
    "offline",
    pytest.param(
        "genuine",
        marks=[
            pytest.mark.genuine,
            pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
        ],
    ),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """Everything in one stack; `timeout_s` is what the test changes."""

    run_as: str
    source: Path
    timeout_s: int = 3600

    def build(self, stack: TerraformStack) -> None:
        """Put it all into a stack."""
        uses = (Permission(level="CAN_USE", service_principal=self.run_as),)
        policies = {}
        for name, definition in POLICIES.items():
            policy = ClusterPolicyProps(name=name, definition=definition, permissions=uses, max_clusters_per_user=2)
            policies[name] = ClusterPolicy(stack, f"policy-{name}", policy)
        warehouse = SqlWarehouse(
            stack,
            "warehouse",
            SqlWarehouseProps(name="main", permissions=uses, tags={"team": "ml"}, wait_until_running=False),
        )
        self._jobs(stack, warehouse.warehouse_id, policies["gpu"].policy_id)
        alert = SqlAlertProps(
            name="few",
            query="SELECT 1 AS n",
            column="n",
            warehouse_id=warehouse.warehouse_id,
            operator="LESS_THAN",
            threshold=self.timeout_s + 0.2,
            schedule=Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True),
            permissions=(Permission(level="CAN_READ", service_principal=self.run_as),),
            tell=("team@acme.example",),
        )
        SqlAlert(stack, "alert", alert)

    def _jobs(self, stack: TerraformStack, warehouse_id: str, gpu_policy_id: str) -> None:
        runs = (Permission(level="CAN_RUN", service_principal=self.run_as),)
        notebook = Notebook(stack, "notebook", NotebookProps(path=f"{HOME}/look", permissions=runs, content="print(1)"))
        query = WorkspaceFile(
            stack, "query", WorkspaceFileProps(path=f"{HOME}/query.sql", source=self.source, permissions=runs)
        )
        gpu = ClusterSpec(
            spark_version="auto:latest-lts-gpu-ml",
            node_type="g5.xlarge",
            policy_id=gpu_policy_id,
            tags={"team": "ml"},
        )
        looks = Task(key="look", does=NotebookTask(path=notebook.path), timeout_s=600, max_retries=1, retry_after_s=60)
        trains = MultiTaskJob(
            stack,
            "training",
            self._job(
                "training",
                Task(key="train", does=NotebookTask(path=notebook.path), compute="gpu"),
                clusters=(JobCluster(key="gpu", spec=gpu),),
                trigger=Periodic(interval=1, unit="DAYS", paused=True),
            ),
        )
        tasks = (
            looks,
            Task(key="each", does=ForEach(inputs="[1, 2]", task=looks, concurrency=2), after=(After(key="look"),)),
            Task(key="count", does=Sql(warehouse_id=warehouse_id, file=query.path), after=(After(key="look"),)),
            Task(
                key="both",
                does=Condition(left="{{job.parameters.day}}", operator="NOT_EQUAL", right=""),
                after=(After(key="each"), After(key="count")),
            ),
            Task(
                key="again",
                does=RunJob(job_id=trains.job.get_number_attribute("id")),
                after=(After(key="both", outcome="true"),),
            ),
        )
        health = Health(under={"RUN_DURATION_SECONDS": 600})
        MultiTaskJob(stack, "job", self._job("work", *tasks, parameters={"day": "1"}, health=health, ui_locked=True))
        deployment = self._job("deployment", looks, environments=())
        DeploymentJob(stack, "deployment", DeploymentJobProps(model="c.s.m", job=deployment))

    def _job(self, name: str, *tasks: Task, **more: object) -> MultiTaskJobProps:
        settings: dict[str, object] = {
            "name": name,
            "run_as": self.run_as,
            "tasks": tasks,
            "permissions": (Permission(level="CAN_VIEW", service_principal=self.run_as),),
            "environments": (ServerlessEnvironment(),),
            "timeout_s": self.timeout_s,
            "tags": {"team": "ml"},
        }
        return MultiTaskJobProps(**settings | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_constructs_make_needs_no_second_apply_changes_in_place_and_can_be_destroyed(
    provider: str, construct_stack: Callable[[str], Any], fresh_local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    stack = construct_stack(provider)
    client = fresh_local_workspace.client()
    run_as = str(client.service_principals.create(display_name="robot").application_id)
    source = tmp_path / "query.sql"
    source.write_text("SELECT 1")
    stack.synth(Work(run_as=run_as, source=source).build)
    stack.terraform("init", "-input=false")
    stack.apply()
    jobs = {job.settings.name: job.job_id for job in client.jobs.list() if job.settings}
    assert jobs.keys() == {"work", "training", "deployment"}
    assert {policy.name for policy in client.cluster_policies.list()} >= POLICIES.keys()

    source.write_text("SELECT 2")
    stack.synth(Work(run_as=run_as, source=source, timeout_s=1800).build)
    stack.apply()
    assert {job.settings.name: job.job_id for job in client.jobs.list() if job.settings} == jobs
    assert {job.settings.timeout_seconds for job in client.jobs.list() if job.settings} == {1800}

    stack.terraform("destroy", "-auto-approve")
    assert not list(client.jobs.list())
    assert not list(client.warehouses.list())
    assert not list(client.alerts_v2.list_alerts())
