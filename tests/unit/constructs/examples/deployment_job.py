"""A job that Databricks starts with each new version of a model; and a plain wheel job."""

from cdktf import TerraformStack

from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import (
    After,
    MultiTaskJobProps,
    Periodic,
    PythonWheel,
    ServerlessEnvironment,
    Task,
    WheelJob,
    WheelJobProps,
    WheelTask,
)
from brickyard_constructs.ml import DeploymentJob, DeploymentJobProps

WHEELS = ("/Volumes/dev/models/artifacts/tool.whl",)
TEAM = (Permission(level="CAN_MANAGE_RUN", group="team"),)


def step(key: str, *after: str) -> Task:
    """An entry point of the wheel that is told which version it is about."""
    about = ("--model", "{{job.parameters.model_name}}", "--version", "{{job.parameters.model_version}}")
    return Task(
        key=key,
        does=PythonWheel(package="tool", entry_point=key, parameters=about),
        after=tuple(After(key=each) for each in after),
        compute="default",
    )


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    job = MultiTaskJobProps(
        name="dev-tool-deployment",
        run_as="run-as",
        tasks=(step("evaluate"), step("approval_check", "evaluate"), step("deploy", "approval_check")),
        permissions=TEAM,
        environments=(ServerlessEnvironment(dependencies=WHEELS),),
    )
    DeploymentJob(stack, "deployment", DeploymentJobProps(model="dev.models.tool", job=job))
    nightly = WheelJobProps(
        name="dev-tool",
        run_as="run-as",
        package="tool",
        wheels=WHEELS,
        tasks=(WheelTask(key="ingest"), WheelTask(key="train", after=("ingest",))),
        permissions=TEAM,
        schedule=Periodic(interval=1, unit="DAYS", paused=True),
    )
    WheelJob(stack, "nightly", nightly)
