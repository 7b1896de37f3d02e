"""A job of every type of task, with health, notifications and a trigger."""

from cdktf import TerraformStack

from brickyard_constructs.compute import ClusterSpec, Library, PackageIndex
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import (
    After,
    Condition,
    FileArrival,
    ForEach,
    Health,
    JobCluster,
    MultiTaskJob,
    MultiTaskJobProps,
    Notebook,
    Notifications,
    PythonFile,
    PythonWheel,
    RunJob,
    ServerlessEnvironment,
    Sql,
    Task,
)

WHEEL = "/Volumes/dev/models/artifacts/tool.whl"
SERVERLESS = ServerlessEnvironment(
    dependencies=(WHEEL, "holidays==0.50"), package_index=PackageIndex(url="https://pypi.acme.example/simple")
)
CLUSTER = JobCluster(
    key="big",
    spec=ClusterSpec(
        spark_version="17.3.x-scala2.13", node_type="m5d.xlarge", workers=2, data_security_mode="USER_ISOLATION"
    ),
)


def tasks(warehouse_id: str, next_job: float) -> tuple[Task, ...]:
    """One of each type."""
    ingest = PythonWheel(package="tool", entry_point="ingest", named_parameters={"day": "{{job.parameters.day}}"})
    per_region = Task(key="region", does=Notebook(path="/Users/deployer/region", parameters={"r": "{{input}}"}))
    return (
        Task(key="ingest", does=ingest, compute="default", max_retries=2, retry_after_s=60, timeout_s=600),
        Task(
            key="clean",
            does=PythonFile(path="/Volumes/dev/models/artifacts/clean.py"),
            after=(After(key="ingest"),),
            compute="big",
            libraries=(Library(wheel=WHEEL),),
        ),
        Task(
            key="regions",
            does=ForEach(inputs='["eu", "us"]', task=per_region, concurrency=2),
            after=(After(key="clean"),),
        ),
        Task(
            key="count",
            does=Sql(warehouse_id=warehouse_id, file="/Users/deployer/count.sql"),
            after=(After(key="regions"), After(key="clean")),
        ),
        Task(
            key="weekend",
            does=Condition(left="{{job.start_time.iso_weekday}}", operator="GREATER_THAN", right="5"),
            after=(After(key="count"),),
        ),
        Task(key="next", does=RunJob(job_id=next_job), after=(After(key="weekend", outcome="false"),)),
    )


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    props = MultiTaskJobProps(
        name="dev-nightly",
        run_as="run-as",
        tasks=tasks("abc123", 620450413),
        permissions=(Permission(level="CAN_MANAGE_RUN", group="team"),),
        environments=(SERVERLESS,),
        clusters=(CLUSTER,),
        parameters={"day": "{{job.start_time.iso_date}}"},
        trigger=FileArrival(url="/Volumes/dev/bronze/landing/", paused=True, between_s=300),
        health=Health(under={"RUN_DURATION_SECONDS": 1800}),
        notifications=Notifications(on_failure=("team@acme.example",), failure_destinations=("b", "a")),
        ui_locked=True,
        tags={"owner": "team"},
    )
    MultiTaskJob(stack, "job", props)
