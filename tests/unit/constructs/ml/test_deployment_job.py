"""Deployment jobs: their two parameters, and what would break the approval."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron, MultiTaskJobProps, PythonWheel, ServerlessEnvironment, Task
from brickyard_constructs.ml import DeploymentJob, DeploymentJobConnection, DeploymentJobProps


def deployment(*tasks: Task, model: str = "c.s.m", **changes: Any) -> DeploymentJobProps:
    settings: dict[str, Any] = {
        "name": "deploys",
        "run_as": "run-as",
        "tasks": tasks or (step("evaluate"),),
        "permissions": (Permission(level="CAN_VIEW", group="team"),),
        "environments": (ServerlessEnvironment(),),
    }
    return DeploymentJobProps(model=model, job=MultiTaskJobProps(**settings | changes))


def step(key: str, **more: Any) -> Task:
    return Task(key=key, does=PythonWheel(package="tool", entry_point=key), compute="default", **more)


def test_databricks_tells_the_job_which_version_it_is_about(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    made = DeploymentJob(stack, "job", deployment(parameters={"region": "eu"}))

    (job,) = synth()["databricks_job"].values()
    assert job["parameter"] == [
        {"default": "", "name": "model_name"},
        {"default": "", "name": "model_version"},
        {"default": "eu", "name": "region"},
    ]
    assert job["max_concurrent_runs"] == 1
    assert made.connection == DeploymentJobConnection(model="c.s.m", job="deploys")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: deployment(model="s.m"), "model: got 's.m'; a three-level name"),
        (lambda: deployment(parameters={"model_name": "x"}), "model_name and model_version are given"),
        (lambda: deployment(max_concurrent_runs=2), "two versions must not be deployed at once"),
        (
            lambda: deployment(trigger=Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True)),
            "a new version of the model starts it",
        ),
        (lambda: deployment(step("Approval_Check", max_retries=1)), "0 for Approval_Check: an approval fails until"),
    ],
)
def test_a_deployment_job_that_could_not_wait_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()
