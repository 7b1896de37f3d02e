"""Deployment jobs: what Databricks starts by itself when a model has a new version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from constructs import Construct

from brickyard_constructs.checks import check_full_name
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.jobs.multi_task_job import MultiTaskJob, MultiTaskJobProps

# Source: docs.databricks.com/aws/en/mlflow/deployment-job: these two, at the level of the job.
_PARAMETERS: Mapping[str, str] = {"model_name": "", "model_version": ""}
_APPROVAL = re.compile(r"approval", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentJobConnection:
    """What Terraform has no field for: the model's versions start the job. A step after apply connects them."""

    model: str
    job: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentJobProps:
    """The model whose versions start it, and the job. Databricks gives it its two parameters."""

    model: str
    job: MultiTaskJobProps

    def __post_init__(self) -> None:
        check_full_name("model", self.model)
        if self.job.parameters.keys() & _PARAMETERS.keys():
            raise InvalidProps("parameters", sorted(self.job.parameters), rule="model_name and model_version are given")
        if self.job.max_concurrent_runs != 1:
            rule = "1: two versions must not be deployed at once"
            raise InvalidProps("max_concurrent_runs", self.job.max_concurrent_runs, rule=rule)
        if self.job.trigger is not None:
            raise InvalidProps("trigger", self.job.trigger, rule="none: a new version of the model starts it")
        for task in self.job.tasks:
            if is_approval(task.key) and task.max_retries:
                rule = f"0 for {task.key}: an approval fails until somebody approves, and a retry would not wait"
                raise InvalidProps("max_retries", task.max_retries, rule=rule)


class DeploymentJob(MultiTaskJob):
    """A job that Databricks starts with `model_name` and `model_version` whenever the model has a new version.

    A task whose key begins with `approval` waits for people: its first run fails, and approving in the UI sets the
    tag of that name on the version and repairs the run. The model's owner should be a principal of few rights, since
    the connection starts the job with them.

    Creates: databricks_job; databricks_permissions.
    Gaps: the connection itself (`connection`), which Terraform cannot make.
    Source: docs.databricks.com/aws/en/mlflow/deployment-job
    """

    def __init__(self, scope: Construct, id_: str, props: DeploymentJobProps) -> None:
        super().__init__(scope, id_, replace(props.job, parameters={**props.job.parameters, **_PARAMETERS}))
        self.connection = DeploymentJobConnection(model=props.model, job=props.job.name)


def is_approval(key: str) -> bool:
    """Whether Databricks takes the task for an approval.

    >>> is_approval("Approval_Check"), is_approval("evaluate")
    (True, False)
    """
    return _APPROVAL.match(key) is not None
