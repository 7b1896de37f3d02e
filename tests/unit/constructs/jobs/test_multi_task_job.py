"""Jobs of any tasks: what they make, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.compute import ClusterSpec, Library, PackageIndex
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import (
    After,
    AiRuntime,
    Condition,
    Continuous,
    Cron,
    FileArrival,
    ForEach,
    Health,
    JobCluster,
    MultiTaskJob,
    MultiTaskJobProps,
    Notebook,
    Notifications,
    Periodic,
    PythonFile,
    PythonWheel,
    RunJob,
    ServerlessEnvironment,
    Sql,
    TableUpdate,
    Task,
    WheelJob,
    WheelJobProps,
    WheelTask,
)

TEAM = (Permission(level="CAN_MANAGE", group="team"),)
WHEEL = PythonWheel(package="tool", entry_point="run")
GPU = ClusterSpec(spark_version="17.3.x-gpu-ml-scala2.13", node_type="g5.xlarge", policy_id="p", single_user="run-as")


def props(*tasks: Task, **changes: Any) -> MultiTaskJobProps:
    settings: dict[str, Any] = {
        "name": "j",
        "run_as": "run-as",
        "tasks": tasks,
        "permissions": TEAM,
        "environments": (ServerlessEnvironment(dependencies=("/Volumes/c/s/v/tool.whl",)),),
        "clusters": (JobCluster(key="gpu", spec=GPU),),
    }
    return MultiTaskJobProps(**settings | changes)


def wheel(key: str, *after: str, **more: Any) -> Task:
    return Task(key=key, does=WHEEL, after=tuple(After(key=k) for k in after), **{"compute": "default"} | more)


def made(stack: TerraformStack, synth: Callable[[], Any], *tasks: Task, **changes: Any) -> dict[str, Any]:
    MultiTaskJob(stack, "job", props(*tasks, **changes))
    (job,) = synth()["databricks_job"].values()
    found: dict[str, Any] = job
    return found


def test_everything_stands_in_the_order_in_which_the_provider_reads_it(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    told = Notifications(failure_destinations=("2", "1"))
    job = made(
        stack, synth, wheel("b"), wheel("c"), wheel("a", "c", "b"), parameters={"y": "1", "x": "2"}, notifications=told
    )

    assert [task["task_key"] for task in job["task"]] == ["a", "b", "c"]
    assert [after["task_key"] for after in job["task"][0]["depends_on"]] == ["b", "c"]
    assert [parameter["name"] for parameter in job["parameter"]] == ["x", "y"]
    assert job["webhook_notifications"]["on_failure"] == [{"id": "1"}, {"id": "2"}]


def test_a_task_names_its_environment_or_its_cluster(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    library = (Library(wheel="/Volumes/c/s/v/tool.whl"),)
    job = made(stack, synth, wheel("a"), wheel("b", compute="gpu", libraries=library))

    assert job["task"][0]["environment_key"] == "default"
    assert "job_cluster_key" not in job["task"][0]
    assert job["task"][1]["job_cluster_key"] == "gpu"
    (cluster,) = job["job_cluster"]
    assert cluster["new_cluster"] == {
        "spark_version": "17.3.x-gpu-ml-scala2.13",
        "node_type_id": "g5.xlarge",
        "is_single_node": True,
        "kind": "CLASSIC_PREVIEW",
        "policy_id": "p",
        "data_security_mode": "SINGLE_USER",
        "single_user_name": "run-as",
    }


def test_a_named_runtime_is_looked_up_once_when_it_is_planned(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    """Databricks takes `auto:` names in policies only (databricks/cli issue 1327)."""
    newest = ClusterSpec(spark_version="auto:latest-lts-gpu-ml", node_type="g5.xlarge")
    clusters = (JobCluster(key="one", spec=newest), JobCluster(key="two", spec=newest), JobCluster(key="old", spec=GPU))
    job = made(stack, synth, wheel("a"), clusters=clusters)

    versions = [cluster["new_cluster"]["spark_version"] for cluster in job["job_cluster"]]
    assert versions[0] == "17.3.x-gpu-ml-scala2.13"
    assert versions[1] == versions[2]
    assert versions[1].startswith("${data.databricks_spark_version.")


def test_a_repeated_task_finds_its_environment_too(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    job = made(stack, synth, Task(key="all", does=ForEach(inputs="[1]", task=wheel("one"))))

    assert job["task"][0]["for_each_task"]["task"]["environment_key"] == "default"


def test_whoever_is_told_of_failures_is_told_of_slow_runs_where_there_is_a_limit(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    told = Notifications(on_failure=("a@b.example",))
    health = Health(under={"RUN_DURATION_SECONDS": 60})
    MultiTaskJob(stack, "watched", props(wheel("a"), name="watched", notifications=told, health=health))
    MultiTaskJob(stack, "plain", props(wheel("a"), name="plain", notifications=told))

    jobs = {job["name"]: job for job in synth()["databricks_job"].values()}
    assert jobs["watched"]["email_notifications"]["on_duration_warning_threshold_exceeded"] == ["a@b.example"]
    assert jobs["plain"]["email_notifications"] == {"on_failure": ["a@b.example"]}
    assert jobs["watched"]["health"]["rules"] == [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 60}]


def test_an_index_comes_before_what_is_installed_from_it(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    index = PackageIndex(url="https://pypi.acme.example/simple")
    environment = ServerlessEnvironment(dependencies=("holidays==0.50",), package_index=index)
    job = made(stack, synth, wheel("a"), environments=(environment,))

    assert job["environment"][0]["spec"]["dependencies"] == [
        "--index-url https://pypi.acme.example/simple",
        "holidays==0.50",
    ]


@pytest.mark.parametrize(
    ("trigger", "argument", "is_paused"),
    [
        (Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True), "schedule", True),
        (Periodic(interval=2, unit="DAYS", paused=False), "trigger", False),
        (FileArrival(url="/Volumes/c/s/v/", paused=True), "trigger", True),
        (TableUpdate(tables=("c.s.t",), paused=False), "trigger", False),
        (Continuous(paused=True), "continuous", True),
    ],
)
def test_a_paused_trigger_is_kept_and_starts_nothing(
    stack: TerraformStack, synth: Callable[[], Any], trigger: Any, argument: str, is_paused: bool
) -> None:
    job = made(stack, synth, wheel("a"), trigger=trigger)

    assert job[argument]["pause_status"] == ("PAUSED" if is_paused else "UNPAUSED")
    assert len({"schedule", "trigger", "continuous"} & job.keys()) == 1


def test_the_ui_is_locked_where_it_is_said(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    assert made(stack, synth, wheel("a"), ui_locked=True)["edit_mode"] == "UI_LOCKED"


def test_a_wheel_job_is_the_same_job_said_in_short(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    short = WheelJobProps(
        name="j",
        run_as="run-as",
        package="tool",
        wheels=("/Volumes/c/s/v/tool.whl",),
        tasks=(WheelTask(key="run"),),
        permissions=TEAM,
    )
    WheelJob(stack, "short", short)
    MultiTaskJob(stack, "long", props(wheel("run"), name="k", clusters=()))

    one, other = (
        {k: v for k, v in job.items() if k not in ("//", "name")} for job in synth()["databricks_job"].values()
    )
    assert one == other


def test_serverless_gpus_wait_for_a_provider_that_has_them(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    given: dict[str, Any] = {
        "experiment": "/Shared/e",
        "command_path": "/Users/me/run.sh",
        "accelerator_type": "GPU_1xA10",
        "accelerator_count": 1,
    }
    with pytest.raises(InvalidProps, match="provider_version: got 'new'; a version like"):
        AiRuntime(**given, provider_version="new")
    with pytest.raises(
        InvalidProps, match=r"ai_runtime_task needs provider 1\.128\.0 or newer; fine-tune on a GPU job"
    ):
        AiRuntime(**given, provider_version="1.99.0")

    job = made(stack, synth, wheel("a"), Task(key="b", does=AiRuntime(**given, provider_version="1.128.0")))
    assert job["task"][1]["ai_runtime_task"]["deployments"] == [
        {"command_path": "/Users/me/run.sh", "compute": {"accelerator_type": "GPU_1xA10", "accelerator_count": 1}}
    ]


@given(order=st.permutations(["a", "b", "c", "d"]), data=st.data())
def test_a_job_that_is_taken_has_no_circle(order: list[str], data: st.DataObject) -> None:
    """Whatever tasks name each other: either each follows only those before it, or the job is refused."""
    names = [tuple(data.draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=2))) for _ in order]
    is_sound = all(set(after) <= set(order[:index]) for index, after in enumerate(names))
    tasks = [wheel(key, *after) for key, after in zip(order, names, strict=True)]

    if is_sound:
        props(*tasks)
    else:
        with pytest.raises(InvalidProps, match="may only follow tasks before it"):
            props(*tasks)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: props(wheel("a"), wheel("a")), "tasks: got 'a'; each key stands once"),
        (lambda: props(wheel("a", compute="big")), "compute: got 'big'; a runs on one of: default, gpu"),
        (lambda: Task(key="a", does=WHEEL), "compute: got None; a needs an environment or a cluster"),
        (lambda: Task(key="a", does=RunJob(job_id=1), compute="default"), "runs on no compute of the job"),
        (lambda: props(wheel("a", libraries=(Library(package="x"),))), "a is serverless: what it needs stands in"),
        (
            lambda: props(wheel("a"), Task(key="b", does=RunJob(job_id=1), after=(After(key="a", outcome="true"),))),
            "a is no condition and has no outcome",
        ),
        (lambda: After(key="a", outcome="yes"), "outcome: got 'yes'; one of true, false"),
        (lambda: props(Task(key="a", does=ForEach(inputs="[]", task=wheel("b", "c")))), "after no other"),
        (lambda: ForEach(inputs="[]", task=Task(key="b", does=ForEach(inputs="[]", task=wheel("c")))), "plain task"),
        (lambda: ForEach(inputs="[]", task=wheel("b"), concurrency=101), "concurrency: got 101; from 1 to 100"),
        (lambda: Condition(left="1", operator="=", right="1"), "operator: got '='"),
        (
            lambda: Task(key="a", does=Condition(left="1", operator="EQUAL_TO", right="1"), max_retries=1),
            "a is a condition",
        ),
        (lambda: Notebook(path="Shared/x"), "path: got 'Shared/x'"),
        (lambda: PythonFile(path="dbfs:/x.py"), "path: got 'dbfs:/x.py'; a file in /Workspace or /Volumes"),
        (lambda: Sql(warehouse_id="w"), "exactly one of the two is named"),
        (lambda: PythonWheel(package="p", entry_point="e", parameters=("a",), named_parameters={"b": "c"}), "not both"),
        (lambda: props(wheel("a"), timeout_s=5), "timeout_s: got 5"),
        (
            lambda: props(wheel("a"), trigger=Continuous(paused=True), max_concurrent_runs=2),
            "a continuous job has one run",
        ),
        (lambda: props(wheel("a"), clusters=(JobCluster(key="default", spec=GPU),)), "each stands once"),
        (lambda: Cron(quartz="0 6 * * *", timezone="UTC", paused=True), "six or seven fields"),
        (lambda: Periodic(interval=0, unit="DAYS", paused=True), "interval: got 0"),
        (lambda: FileArrival(url="/tmp/x", paused=True), "url: got '/tmp/x'"),
        (lambda: TableUpdate(tables=("s.t",), paused=True), "tables: got 's.t'; a three-level name"),
        (lambda: TableUpdate(tables=("c.s.t",), paused=True, between_s=5), "between_s: got 5; must be at least 60"),
        (lambda: Notifications(on_failure=("team",)), "on_failure: got 'team'; an e-mail address"),
        (lambda: Notifications(failure_destinations=("1", "2", "3", "4")), "at most 3 for one event"),
        (lambda: Health(under={"SPEED": 1}), "under: got 'SPEED'"),
        (lambda: ServerlessEnvironment(dependencies=("git+https://me:x@host/tool",)), "dependencies: got 'git.https'"),
        (lambda: ServerlessEnvironment(dependencies=("--index-url x",)), "an index is given as package_index"),
    ],
)
def test_a_job_that_could_not_run_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()
