"""Promoting by code or by model, with or without approval: which tasks there are, and where a model may come from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_constructs.jobs import WheelTask
from brickyard_stacks.app import synthesise as synthesise_app
from brickyard_stacks.copying import copier
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks, InvalidSettings
from brickyard_stacks.promotion import Promoting, promoted_tasks, promoting
from brickyard_stacks.settings import load_environment, load_project

LOCAL = Path(__file__).resolve().parents[3] / "environments/local.yaml"
TRAINED = "{{tasks.train.values.model_version}}"


def clone(root: Path, environments: dict[str, dict[str, Any]], promotion: dict[str, Any]) -> Path:
    base = yaml.safe_load(LOCAL.read_text()) | {"stage": "dev", "cloud": "aws", "region": "eu-central-1"}
    (root / "environments").mkdir()
    for name, changes in environments.items():
        document = base | {"name": name, "catalog": {"name": name.replace("-", "_")}} | changes
        document["groups"] = {role: {"name": role} for role in document["groups"]}
        document["service_principals"] = {role: {"name": role} for role in document["service_principals"]}
        (root / f"environments/{name}.yaml").write_text(yaml.safe_dump(document))
    (root / "projects/churn").mkdir(parents=True)
    document = {"name": "churn", "title": "Who leaves?", "deployment": {"promotion": promotion}}
    (root / "projects/churn/project.yaml").write_text(yaml.safe_dump(document))
    return root


def deployment(root: Path, name: str) -> ProjectDeployment:
    return ProjectDeployment(
        environment=load_environment(root / f"environments/{name}.yaml"),
        project=load_project(root / "projects/churn/project.yaml"),
        root=root,
    )


Synthesised = Callable[[Path, str], dict[str, Any]]


@pytest.fixture
def synthesised(package: Callable[[Path, str], Path]) -> Synthesised:
    """The resources and look-ups of an environment's stacks, by kind and type."""

    def run(root: Path, name: str) -> dict[str, Any]:
        package(root / "pipelines", "brickyard_pipelines")
        package(root / "projects/churn", "churn")
        made = deployment(root, name)
        synthesise_app(made.environment, [made.project], root=root, outdir=str(root / "out"))
        found: dict[str, Any] = {}
        for file in (root / "out/stacks").glob("*/cdk.tf.json"):
            document = json.loads(file.read_text())
            for kind in ("resource", "data"):
                for type_, resources in document.get(kind, {}).items():
                    found.setdefault(f"{kind}.{type_}", []).extend(resources.values())
        return found

    return run


BY_MODEL = {"by": "model", "path": ["dev", "test", "live"]}


def test_each_environment_copies_from_the_one_before_and_the_first_trains(tmp_path: Path) -> None:
    root = clone(tmp_path, {"dev": {}, "test": {}, "live": {}, "beside": {}}, BY_MODEL)
    sources = {name: promoting(deployment(root, name)).source_model for name in ("dev", "test", "live", "beside")}
    assert sources == {"dev": None, "test": "dev.models.churn", "live": "test.models.churn", "beside": None}


@pytest.mark.parametrize("changes", [{"region": "eu-west-1"}, {"metastore": "other"}])
def test_between_metastores_it_is_refused_with_the_way_that_is_supported(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    root = clone(tmp_path, {"dev": changes, "test": {}}, BY_MODEL)
    with pytest.raises(
        CannotBuildStacks, match=r"path: test lies in the metastore .*Promote by code.*by: code.*metastore: NAME"
    ):
        promoting(deployment(root, "test"))


def test_a_metastore_that_both_name_is_one_wherever_they_lie(tmp_path: Path) -> None:
    shared = {"metastore": "ours"}
    root = clone(tmp_path, {"dev": {**shared, "region": "eu-west-1"}, "test": shared}, BY_MODEL)
    assert promoting(deployment(root, "test")).source_model == "dev.models.churn"


def test_an_environment_before_that_there_is_not_is_named(tmp_path: Path) -> None:
    root = clone(tmp_path, {"test": {}}, BY_MODEL)
    with pytest.raises(CannotBuildStacks, match=r"names dev, and there is no environments/dev\.yaml \(there: test\)"):
        promoting(deployment(root, "test"))


@pytest.mark.parametrize(
    ("promotion", "told"),
    [
        ({"by": "model"}, "two environments at least"),
        ({"by": "model", "path": ["dev"]}, "two environments at least"),
        ({"by": "model", "path": ["dev", "dev"]}, "names each environment once"),
        ({"path": ["dev", "prod"]}, "is for by: model"),
    ],
)
def test_a_path_that_says_nothing_is_refused(tmp_path: Path, promotion: dict[str, Any], told: str) -> None:
    root = clone(tmp_path, {"dev": {}}, promotion)
    with pytest.raises(InvalidSettings, match=told):
        deployment(root, "dev")


@pytest.mark.parametrize(
    ("project", "environment", "approved"),
    [
        ("automatic", "automatic", False),
        ("required", "automatic", True),
        ("automatic", "required", True),
        ("required", "required", True),
    ],
)
def test_the_stricter_word_on_approval_counts(tmp_path: Path, project: str, environment: str, approved: bool) -> None:
    root = clone(tmp_path, {"dev": {"model_approval": environment}}, {"approval": project})
    assert promoting(deployment(root, "dev")).approved is approved


TASKS = (
    WheelTask(key="features", parameters=("--project", "p")),
    WheelTask(key="train", parameters=("--project", "p"), after=("features",)),
    WheelTask(key="validate", parameters=("--model-version", TRAINED), after=("train",)),
    WheelTask(key="deploy", parameters=("--model-version", TRAINED), after=("validate",)),
    WheelTask(key="batch_inference", after=("deploy",)),
)


def shape(tasks: tuple[WheelTask, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [(task.key, task.after) for task in tasks]


def test_by_code_without_approval_the_tasks_stay_as_they_are() -> None:
    assert promoted_tasks(TASKS, Promoting()) == TASKS


def test_by_model_a_copy_stands_where_training_stood() -> None:
    made = promoted_tasks(TASKS, Promoting(source_model="dev.models.m"))
    assert shape(made)[1:3] == [("copy_model", ("features",)), ("validate", ("copy_model",))]
    assert made[1].parameters[-2:] == ("--source-model", "dev.models.m")
    assert made[3].parameters == ("--model-version", "{{tasks.copy_model.values.model_version}}")


def test_a_teams_own_training_is_not_run_either_where_models_are_copied() -> None:
    checked = "{{tasks.check_train.values.model_version}}"
    own = (
        WheelTask(key="train"),
        WheelTask(key="check_train", after=("train",)),
        WheelTask(key="validate", parameters=("--model-version", checked), after=("check_train",)),
    )
    made = promoted_tasks(own, Promoting(source_model="dev.models.m"))
    assert shape(made) == [("copy_model", ()), ("validate", ("copy_model",))]
    assert made[1].parameters == ("--model-version", "{{tasks.copy_model.values.model_version}}")


def test_approval_stands_between_verdict_and_deployment_and_both_look_at_it() -> None:
    made = promoted_tasks(TASKS, Promoting(approved=True))
    assert shape(made)[2:5] == [("validate", ("train",)), ("approve", ("validate",)), ("deploy", ("approve",))]
    for task in made[3:5]:
        assert task.parameters == ("--model-version", TRAINED, "--approval", "required")


def test_where_approval_is_required_approvers_may_repair_the_run_that_waits(synthesise: Any) -> None:
    patient = {"deployment": {"job": {"max_retries": 2}}}
    stack = synthesise({"model_approval": "required"}, patient)["local-flight-delays"]
    (job,) = [each for each in stack["resource"]["databricks_job"].values() if each["name"] == "local-flight-delays"]
    retries = {task["task_key"]: task.get("max_retries", 0) for task in job["task"]}
    assert (retries["approve"], retries["deploy"]) == (0, 2)
    levels = [
        {a["group_name"]: a["permission_level"] for a in each["access_control"] if "group_name" in a}
        for each in stack["resource"]["databricks_permissions"].values()
        if "job_id" in each
    ]
    assert {each["local-approvers"] for each in levels} == {"CAN_MANAGE_RUN"}


def run_as_is(root: Path, environment: str, principal: dict[str, str]) -> None:
    file = root / f"environments/{environment}.yaml"
    document = yaml.safe_load(file.read_text())
    document["service_principals"]["run_as"] = principal
    file.write_text(yaml.safe_dump(document))


NEXT = "00000000-0000-0000-0000-00000000a001"


def test_who_copies_up_reads_the_model_and_its_workspace_sees_the_catalog(
    synthesised: Synthesised, tmp_path: Path
) -> None:
    elsewhere = {"workspace": {"name": "other", "id": 77, "auth": {"type": "profile", "profile": "other"}}}
    root = clone(tmp_path, {"dev": {}, "test": elsewhere, "live": {}}, BY_MODEL)
    run_as_is(root, "test", {"name": "r", "application_id": NEXT})

    found = synthesised(root, "dev")

    given = {
        next(str(set_[key]) for key in ("catalog", "schema", "model") if key in set_): each["privileges"]
        for set_ in found["resource.databricks_grants"]
        for each in set_["grant"]
        if each["principal"] == NEXT
    }
    assert sorted(given.values()) == [["EXECUTE"], ["USE_CATALOG"], ["USE_SCHEMA"]]
    (binding,) = found["resource.databricks_workspace_binding"]
    assert (binding["workspace_id"], binding["binding_type"]) == (77, "BINDING_TYPE_READ_ONLY")


def test_who_copies_up_without_an_id_in_the_settings_is_looked_up_once_in_each_stack(
    synthesised: Synthesised, tmp_path: Path
) -> None:
    root = clone(tmp_path, {"dev": {}, "test": {}, "live": {}}, BY_MODEL)
    run_as_is(root, "live", {"name": "live-runs"})
    found = synthesised(root, "test")  # `live` comes after it, in the same workspace
    looked_up = [each["display_name"] for each in found["data.databricks_service_principal"]]
    assert looked_up.count("live-runs") == 2, "in the platform's stack and in the project's"
    assert "resource.databricks_workspace_binding" not in found


def test_a_workspace_that_cannot_be_bound_is_asked_for_its_id(synthesised: Synthesised, tmp_path: Path) -> None:
    elsewhere = {"workspace": {"name": "other", "auth": {"type": "profile", "profile": "other"}}}
    root = clone(tmp_path, {"dev": {}, "test": elsewhere, "live": {}}, BY_MODEL)
    with pytest.raises(
        CannotBuildStacks, match=r"environments/test\.yaml: workspace\.id is missing.*copied up from dev"
    ):
        synthesised(root, "dev")


def test_where_each_environment_trains_nobody_reads_anothers_model(tmp_path: Path) -> None:
    root = clone(tmp_path, {"dev": {}, "test": {}}, {})
    assert copier(deployment(root, "dev")) is None
    (tmp_path / "other").mkdir()
    last = clone(tmp_path / "other", {"dev": {}, "test": {}, "live": {}}, BY_MODEL)
    assert copier(deployment(last, "live")) is None
    assert getattr(copier(deployment(last, "dev")), "name", None) == "test"
