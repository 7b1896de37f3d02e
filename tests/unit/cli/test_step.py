"""Which step `brickyard step` runs, and with what it is told; the runs themselves are in the end-to-end test."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Job, JobSettings, NotebookTask, PythonWheelTask, Task

from brickyard.clone import Clone
from brickyard.errors import NoSuchStep
from brickyard.step import Step, chosen, environment, scripts, steps_of

PROJECTS = {"flights": "local-flights", "flights_again": "local-flights-again"}


def wheel(key: str, *parameters: str) -> Task:
    made = PythonWheelTask(package_name="brickyard_pipelines", entry_point=key, parameters=list(parameters))
    return Task(task_key=key, python_wheel_task=made)


JOBS = {
    "local-flights": [wheel("train", "--project", "flights", "--job-run-id", "{{job.run_id}}", "--catalog", "local")],
    "local-flights-inference": [
        wheel("monitor", "--project", "flights"),
        wheel("train", "--project", "flights", "--catalog", "local"),
        Task(task_key="look", notebook_task=NotebookTask(notebook_path="/x")),
    ],
    "local-flights-again": [wheel("train", "--project", "flights_again", "--model-version={{tasks.train.values.v}}")],
    "somebodys": [wheel("train")],
}


@pytest.fixture
def client() -> WorkspaceClient:
    jobs = {n: Job(job_id=n, settings=JobSettings(name=name, tasks=JOBS[name])) for n, name in enumerate(JOBS, start=1)}
    listed = SimpleNamespace(list=lambda **_: iter(jobs.values()), get=jobs.__getitem__)
    asked = {("GET", "/api/local/databases"): {"environment": {"PGPORT": "5"}}}
    api = SimpleNamespace(do=lambda *call: asked[call])
    config = SimpleNamespace(host="http://127.0.0.1:1")
    return cast("WorkspaceClient", SimpleNamespace(jobs=listed, config=config, api_client=api))


def test_tasks_of_a_projects_jobs_are_found_without_what_only_a_run_knows(client: WorkspaceClient) -> None:
    def step(project: str, job: str, key: str, *arguments: str) -> Step:
        return Step(project=project, job=job, key=key, entry_point=key, arguments=arguments)

    assert steps_of(client, PROJECTS) == [
        step("flights", "local-flights", "train", "--project", "flights", "--catalog", "local"),
        step("flights", "local-flights-inference", "monitor", "--project", "flights"),
        step("flights", "local-flights-inference", "train", "--project", "flights", "--catalog", "local"),
        step("flights_again", "local-flights-again", "train", "--project", "flights_again"),
    ]


def test_one_is_chosen_by_its_name_and_where_that_is_not_enough_by_project_or_job(client: WorkspaceClient) -> None:
    steps = steps_of(client, PROJECTS)
    assert chosen(steps, "monitor").key == "monitor"
    assert chosen(steps, "train", project="flights_again").arguments == ("--project", "flights_again")
    assert chosen(steps, "train", project="flights").job == "local-flights", "both jobs tell it the same"
    assert chosen(steps, "train", job="local-flights-inference").project == "flights"
    with pytest.raises(
        NoSuchStep, match=r"3 tasks are called 'train'.*--project flights_again --job local-flights-again"
    ):
        chosen(steps, "train")
    with pytest.raises(NoSuchStep, match=r"No task of project flights is called 'look'.*There are: monitor, train\."):
        chosen(steps, "look", project="flights")


def test_every_entry_point_of_the_wheel_is_a_function_of_this_clone() -> None:
    root = Path(__file__).parents[3]
    for reference in scripts(root).values():
        module, _, name = reference.partition(":")
        file = root.joinpath("pipelines", *module.split(".")).with_suffix(".py")
        assert f"def {name}(" in file.read_text(), reference


def test_a_step_finds_this_clones_code_first_and_its_token_in_the_environment_only(
    client: WorkspaceClient, empty_clone: Clone
) -> None:
    empty_clone.home.create()
    empty_clone.home.token_file.write_text("secret\n")
    (empty_clone.root / "projects" / "own").mkdir(parents=True)
    (empty_clone.root / "projects" / "own" / "project.yaml").write_text("name: own\n")
    elsewhere = ("DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CLIENT_SECRET", "MLFLOW_RUN_ID", "SPARK_REMOTE")
    shell = {"PYTHONPATH": "/before", "HOME": "/home", "PGPORT": "prod", **dict.fromkeys(elsewhere, "prod")}
    found: Any = environment(empty_clone, client, shell)
    assert "prod" not in found.values(), "mlflow would take prod's profile, whatever the host is"
    path = found["PYTHONPATH"].split(os.pathsep)
    assert path == [str(empty_clone.root / "pipelines"), str(empty_clone.root / "projects" / "own"), "/before"]
    assert (found["DATABRICKS_TOKEN"], found["DATABRICKS_HOST"]) == ("secret", "http://127.0.0.1:1")
    assert (found["HOME"], found["PGPORT"]) == ("/home", "5")
