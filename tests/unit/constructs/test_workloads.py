"""Files, experiments, jobs and endpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformLocal, TerraformStack

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron, WheelJob, WheelJobProps, WheelTask
from brickyard_constructs.ml import Experiment, ExperimentProps
from brickyard_constructs.serving import PromotedEndpoint, PromotedEndpointProps
from brickyard_constructs.storage import VolumeFile, VolumeFileProps
from brickyard_constructs.workspace import Folder, FolderProps

TEAM = (Permission(level="CAN_MANAGE", group="team"),)


def job(**changes: Any) -> WheelJobProps:
    settings: dict[str, Any] = {
        "name": "nightly",
        "run_as": "app-id",
        "package": "tool",
        "wheels": ("/Volumes/c/s/v/tool.whl",),
        "tasks": (WheelTask(key="a", parameters=("--x", "1")), WheelTask(key="b", after=("a",))),
        "permissions": TEAM,
    }
    return WheelJobProps(**settings | changes)


def test_a_job_runs_once_at_a_time_as_its_principal(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    WheelJob(stack, "job", job(schedule=Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True)))

    (made,) = synth()["databricks_job"].values()
    assert made["max_concurrent_runs"] == 1
    assert made["queue"] == {"enabled": True}
    assert made["run_as"] == {"service_principal_name": "app-id"}
    assert made["timeout_seconds"] == 3600
    assert made["schedule"]["pause_status"] == "PAUSED"
    assert [t["environment_key"] for t in made["task"]] == ["default", "default"]
    assert made["task"][1]["depends_on"] == [{"task_key": "a"}]


def test_tasks_stand_in_the_order_in_which_the_provider_reads_them(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    WheelJob(stack, "job", job(tasks=(WheelTask(key="train"), WheelTask(key="deploy", after=("train",)))))

    (made,) = synth()["databricks_job"].values()
    assert [t["task_key"] for t in made["task"]] == ["deploy", "train"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "name: got ''"),
        ({"wheels": ()}, "wheels: got"),
        ({"tasks": ()}, "tasks: got"),
        ({"tasks": (WheelTask(key="a"), WheelTask(key="a"))}, "tasks: got 'a'; each key stands once"),
        ({"tasks": (WheelTask(key="a", after=("z",)),)}, "a may only follow tasks before it"),
        ({"timeout_s": 5}, "timeout_s: got 5; must be at least 60"),
        ({"max_retries": -1}, "max_retries: got -1"),
    ],
)
def test_a_job_that_could_not_run_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        job(**changes)


def test_an_experiments_tags_are_set_once(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    props = ExperimentProps(path="/Shared/x", permissions=TEAM, tags={"b": "2", "a": "1"}, protected=False)
    Experiment(stack, "experiment", props)

    (made,) = synth()["databricks_mlflow_experiment"].values()
    assert made["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    assert made["lifecycle"] == {"ignore_changes": ["tags"]}


@pytest.mark.parametrize("path", ["Shared/x", "/Shared/x/", "/Shared//x", ""])
def test_an_experiment_has_an_absolute_path(path: str) -> None:
    with pytest.raises(InvalidProps, match="a workspace path starts with /"):
        ExperimentProps(path=path, permissions=TEAM)


def test_a_file_never_overwrites_other_content(stack: TerraformStack, synth: Callable[[], Any], tmp_path: Path) -> None:
    source = tmp_path / "tool.whl"
    source.write_bytes(b"x")
    props = VolumeFileProps(source=source, content_hash="ab" * 32, folder="/Volumes/c/s/v/tool")
    TerraformLocal(stack, "path", VolumeFile(stack, "file", props).path)

    ((name, made),) = synth()["databricks_file"].items()
    assert made["path"] == "/Volumes/c/s/v/tool/abababababababab/tool.whl"
    assert made["lifecycle"] == {"create_before_destroy": True}
    assert synth()["locals"]["path"] == f"${{databricks_file.{name}.path}}"
    assert str(tmp_path) not in made["source"]  # a plan made here applies elsewhere


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source": Path("/nowhere")}, "source: got '/nowhere'; must be a file"),
        ({"content_hash": "x"}, "content_hash: got 'x'; a SHA-256"),
        ({"folder": "/tmp/x"}, "folder: got '/tmp/x'; must be like /Volumes/"),
    ],
)
def test_a_file_that_could_not_be_uploaded_is_refused(changes: dict[str, Any], told: str) -> None:
    settings: dict[str, Any] = {"source": Path(__file__), "content_hash": "ab" * 32, "folder": "/Volumes/c/s/v"}

    with pytest.raises(InvalidProps, match=told):
        VolumeFileProps(**settings | changes)


def test_an_endpoint_is_the_pipelines_once_it_exists(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    PromotedEndpoint(stack, "endpoint", PromotedEndpointProps(name="ask", model="c.s.m", permissions=TEAM))

    ((name, made),) = synth()["databricks_model_serving"].items()
    (permissions,) = synth()["databricks_permissions"].values()
    assert made["lifecycle"] == {"ignore_changes": ["config"], "prevent_destroy": True}
    assert made["count"] == permissions["count"]
    assert permissions["serving_endpoint_id"] == f"${{databricks_model_serving.{name}[0].serving_endpoint_id}}"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "a b"}, "name: got 'a b'; an endpoint's name"),
        ({"model": "s.m"}, "model: got 's.m'; a three-level name"),
        ({"workload_size": "Huge"}, "workload_size: got 'Huge'; one of Small, Medium, Large"),
        ({"permissions": ()}, "permissions: got"),
    ],
)
def test_an_endpoint_that_databricks_would_refuse_is_refused_before(changes: dict[str, Any], told: str) -> None:
    settings: dict[str, Any] = {"name": "ask", "model": "c.s.m", "permissions": TEAM}

    with pytest.raises(InvalidProps, match=told):
        PromotedEndpointProps(**settings | changes)


def test_a_folder_that_is_not_protected_goes_with_what_is_in_it(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    Folder(stack, "kept", FolderProps(path="/Shared/kept"))
    Folder(stack, "gone", FolderProps(path="/Shared/gone", protected=False))

    made = {d["path"]: d for d in synth()["databricks_directory"].values()}
    assert made["/Shared/kept"]["lifecycle"] == {"prevent_destroy": True}
    assert made["/Shared/kept"]["delete_recursive"] is False
    assert made["/Shared/gone"]["delete_recursive"] is True
