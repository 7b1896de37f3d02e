"""A step of the workflow that is the team's own: its task, what looks at it afterwards, and what is refused."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.names import EnvironmentNames, ProjectNames
from brickyard_stacks.own_steps import placeholders
from brickyard_stacks.settings.deployment.jobs import WorkflowJob
from brickyard_stacks.settings.deployment.steps import PLACEHOLDERS, OwnStep
from brickyard_stacks.workflow import workflow_tasks

NAMES = ProjectNames(
    shared=EnvironmentNames(environment="dev", catalog="dev", prefix="dev", deployer="ann"),
    project="churn",
    slug="churn",
    models=("churn",),
    endpoints=("churn",),
)
SKIP = OwnStep(skip=True)
SCRIPT = OwnStep.model_validate({"python_file": {"path": "train.py", "parameters": ["--model", "$model"]}})


def order(**own: OwnStep) -> list[str]:
    tasks = workflow_tasks(NAMES, own)
    for before, after in pairwise(tasks):
        assert after.after == (before.key,)
    return [task.key for task in tasks]


def test_without_own_steps_the_six_stand_as_they_always_did() -> None:
    assert order() == ["ingest", "features", "train", "validate", "deploy", "batch_inference"]


def test_what_the_team_made_is_looked_at_before_it_is_built_on() -> None:
    assert order(train=SCRIPT)[2:5] == ["train", "check_train", "validate"]
    assert order(ingest=SKIP, features=SKIP)[:2] == ["check_features", "train"]
    assert order(ingest=SKIP, deploy=SCRIPT, batch_inference=SKIP) == ["features", "train", "validate", "deploy"]
    tasks = workflow_tasks(NAMES, {"features": SKIP, "train": SCRIPT}, has_features=False)
    assert [task.key for task in tasks][:3] == ["ingest", "train", "check_train"]


@pytest.mark.parametrize(("own", "task"), [({}, "train"), ({"train": SCRIPT}, "check_train")])
def test_the_version_is_the_one_that_was_handed_on_in_this_run(own: dict[str, OwnStep], task: str) -> None:
    for step in workflow_tasks(NAMES, own):
        given = dict(zip(step.parameters[::2], step.parameters[1::2], strict=True))
        wanted = f"{{{{tasks.{task}.values.model_version}}}}" if step.key in ("validate", "deploy") else None
        assert given.get("--model-version") == wanted
        assert given["--reason"] == "{{job.parameters.reason}}"


def test_every_placeholder_stands_for_something() -> None:
    values = placeholders(NAMES, {"train": SCRIPT}, ["a.example", "b.example:8443"])
    assert sorted(values) == sorted(PLACEHOLDERS)
    assert values["model"] == "dev.models.churn"
    assert values["model_hosts"] == "a.example,b.example:8443"
    assert values["model_version"] == "{{tasks.check_train.values.model_version}}"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({}, "a step has exactly one of skip, step, wheel, notebook, python_file, existing_job"),
        ({"skip": True, "step": "validate_reported"}, "exactly one of .*; got skip and step"),
        ({"python_file": {"path": "t.py", "parameters": ["$modle"]}}, r"\$modle is none of the placeholders \$catalog"),
        ({"notebook": {"path": "t.py", "parameters": {"cost": "5$"}}}, r"write \$\$ for one that does not"),
        ({"existing_job": {"job_ids": {}}}, "at least 1 item"),
        ({"skip": True, "cluster": {"policy": "gpu"}}, "nothing runs on it: remove it"),
    ],
)
def test_an_own_step_that_is_nothing_or_too_much_is_refused(step: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WorkflowJob.model_validate({"steps": {"train": step}})


def test_a_step_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="Input should be 'ingest', 'features', 'publish_online', 'train'"):
        WorkflowJob.model_validate({"steps": {"trian": {"skip": True}}})


STEPS = {
    "ingest": {"skip": True},
    "features": {"notebook": {"path": "flight_delays/__init__.py", "parameters": {"into": "$catalog.features.t"}}},
    "train": {"python_file": {"path": "flight_delays/__init__.py", "parameters": ["--model", "$model", "$$5"]}},
    "validate": {"step": "validate_reported"},
    "deploy": {"wheel": {"package": "flight_delays", "entry_point": "release", "parameters": ["$model_version"]}},
    "batch_inference": {"existing_job": {"job_ids": {"local": 77}, "parameters": {"model": "$model"}}},
}


def test_each_kind_of_own_work_becomes_its_kind_of_task(synthesise: Any) -> None:
    stacks = synthesise(project={"deployment": {"job": {"steps": STEPS}}})
    (job,) = stacks["local-flight-delays"]["resource"]["databricks_job"].values()
    tasks = {task["task_key"]: task for task in job["task"]}

    assert sorted(tasks) == ["batch_inference", "check_train", "deploy", "features", "train", "validate"]
    notebook = tasks["features"]["notebook_task"]
    assert notebook["base_parameters"] == {"into": "local.features.t"}
    assert tasks["train"]["spark_python_task"]["parameters"] == ["--model", "local.models.flight_delays", "$5"]
    assert tasks["validate"]["python_wheel_task"]["entry_point"] == "validate_reported"
    assert "--model-version" in tasks["validate"]["python_wheel_task"]["parameters"]
    given = tasks["deploy"]["python_wheel_task"]["parameters"]
    assert given == ["{{tasks.check_train.values.model_version}}"]
    run_job = tasks["batch_inference"]["run_job_task"]
    assert (run_job["job_id"], run_job["job_parameters"]) == (77, {"model": "local.models.flight_delays"})
    assert {parameter["name"] for parameter in job["parameter"]} == {"land_until", "reason"}


def test_an_existing_job_is_named_for_each_environment(synthesise: Any) -> None:
    steps = {"batch_inference": {"existing_job": {"job_ids": {"dev": 1}}}}
    with pytest.raises(CannotBuildStacks, match="names no job of the environment local, only of dev; add its id"):
        synthesise(project={"deployment": {"job": {"steps": steps}}})


def test_the_example_is_left_out_until_it_is_copied() -> None:
    from brickyard_stacks.settings import load_project, project_files

    root = Path(__file__).resolve().parents[3]
    example = root / "projects" / "examples" / "tumours" / "project.yaml"
    assert example not in project_files(root)
    assert load_project(example).deployment.job.steps.keys() >= {"train", "validate"}
