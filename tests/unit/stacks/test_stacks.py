"""What the synthesised stacks promise, in the environment that ships and in a production one."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_databricks.directory import Directory
from cdktf_cdktf_provider_databricks.provider import DatabricksProvider

from brickyard_stacks.app import build_app
from brickyard_stacks.errors import CannotBuildStacks, Refused, UnknownEnvironment
from brickyard_stacks.guards.no_secrets import forms_in
from brickyard_stacks.settings import Project, environment_file, load_environment

ROOT = Path(__file__).resolve().parents[3]
ADDRESSES = Path(__file__).parent / "addresses.json"
STACKS = ("local-platform", "local-flight-delays", "local-flight-delays-serving")


class Synthesise(Protocol):
    def __call__(
        self,
        environment: dict[str, Any] | None = None,
        project: dict[str, Any] | None = None,
        *,
        guard: str = "",
    ) -> dict[str, dict[str, Any]]: ...


def resources(stack: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(stack["resource"].get(kind, {}).values())


def addresses(stack: dict[str, Any]) -> list[str]:
    return sorted(f"{kind}.{name}" for kind, named in stack["resource"].items() for name in named)


def test_addresses_do_not_move_unnoticed(local: dict[str, Any]) -> None:
    """An address that changes is a destruction and a creation: the record changes by hand, with a `moved` block."""
    recorded = json.loads(ADDRESSES.read_text())

    for name in STACKS:
        found = addresses(local[name])
        lost = sorted(set(recorded[name]) - set(found))
        new = sorted(set(found) - set(recorded[name]))
        assert not lost, f"{name} would destroy {lost}; meant as moves?\n{moves(lost, new)}"
        assert not new, "new addresses: add them to addresses.json"


def moves(lost: list[str], new: list[str]) -> str:
    """The `moved` blocks to add, and how cdktf writes them, for each lost address and each new one of its type."""
    pairs = [(old, each) for old in lost for each in new if each.partition(".")[0] == old.partition(".")[0]]
    lines = [
        f'  moved {{ from = {old}, to = {each} }}: call .move_from_id("{old}") on the resource that is now {each}'
        for old, each in pairs
    ]
    return "\n".join(lines) or "  nothing new has their type: bring the construct ids back"


def test_a_lost_address_is_told_with_the_moved_line_to_add(local: dict[str, Any]) -> None:
    found = addresses(local["local-platform"])
    renamed = "databricks_volume.arrivals_0A1B2C3D"
    (landing,) = [each for each in found if each.startswith("databricks_volume.landing")]

    told = moves([landing], [renamed, "databricks_job.other_1"])

    assert told.startswith(f"  moved {{ from = {landing}, to = {renamed} }}")
    assert "databricks_job" not in told
    assert "bring the construct ids back" in moves([landing], [])


def test_the_moved_line_is_one_that_cdktf_writes(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = TerraformStack(app, "stack")
    DatabricksProvider(stack, "databricks")
    Directory(stack, "now", path="/a").move_from_id("databricks_directory.before")
    app.synth()

    made = json.loads((tmp_path / "stacks/stack/cdk.tf.json").read_text())
    assert made["moved"] == [{"from": "databricks_directory.before", "to": "databricks_directory.now"}]


def test_stacks_are_deployed_one_after_the_other(local: dict[str, Any]) -> None:
    stacks = local["manifest"]["stacks"]

    assert stacks["local-platform"]["dependencies"] == []
    assert stacks["local-flight-delays"]["dependencies"] == ["local-platform"]
    assert stacks["local-flight-delays-serving"]["dependencies"] == ["local-flight-delays"]


def test_no_stack_reads_anothers_state(local: dict[str, Any]) -> None:
    assert not [name for name in STACKS if "terraform_remote_state" in json.dumps(local[name])]


def test_local_uses_the_profile_and_exactly_one_version(local: dict[str, Any]) -> None:
    for name in STACKS:
        (provider,) = local[name]["provider"]["databricks"]
        assert provider["profile"] == "local"
        assert Path(provider["config_file"]).is_absolute()
        assert provider.keys() == {"profile", "config_file"}
        assert local[name]["terraform"]["required_providers"]["databricks"]["version"] == "1.99.0"
        assert local[name]["terraform"]["backend"]["local"]["path"].endswith(f"/.brickyard/state/{name}.tfstate")


def test_a_real_environment_names_its_way_to_sign_in_and_a_range_of_versions(prod: dict[str, Any]) -> None:
    stack = prod["prod-azure-weu-platform"]

    (provider,) = stack["provider"]["databricks"]
    assert provider["auth_type"] == "azure-devops-oidc"
    assert stack["terraform"]["required_providers"]["databricks"]["version"] == ">= 1.99.0, < 2.0.0, != 1.114.0"


def test_every_set_of_grants_holds_the_deployers_manage(local: dict[str, Any], prod: dict[str, Any]) -> None:
    for stacks, deployer in ((local, "admin@brickyard.local"), (prod, "99999999-2222-3333-4444-555566667777")):
        found = [g for n, s in stacks.items() if n != "manifest" for g in resources(s, "databricks_grants")]
        assert len(found) == 12  # a catalog, eight schemas, two volumes, a model
        for grants in found:
            (own,) = [g for g in grants["grant"] if g["principal"] == deployer]
            assert "MANAGE" in own["privileges"]


def test_nobody_holds_all_privileges_and_no_grant_is_for_all_users(local: dict[str, Any], prod: dict[str, Any]) -> None:
    text = json.dumps([local, prod])

    assert "ALL_PRIVILEGES" not in text
    assert "account users" not in text


def test_people_write_in_local_and_read_in_prod(local: dict[str, Any], prod: dict[str, Any]) -> None:
    def privileges(stack: dict[str, Any], group: str) -> set[str]:
        (grants,) = [g for g in resources(stack, "databricks_grants") if "catalog" in g]
        return {p for g in grants["grant"] if group in g["principal"] for p in g["privileges"]}

    assert "MODIFY" in privileges(local["local-platform"], "iam_data_scientists")
    assert privileges(prod["prod-azure-weu-platform"], "data_scientists") == {
        "USE_CATALOG",
        "USE_SCHEMA",
        "SELECT",
        "EXECUTE",
        "READ_VOLUME",
    }


def test_consumers_may_ask_the_endpoint_and_nothing_else(local: dict[str, Any]) -> None:
    (permissions,) = resources(local["local-flight-delays-serving"], "databricks_permissions")
    (entry,) = [a for a in permissions["access_control"] if a.get("group_name") == "local-consumers"]

    assert entry["permission_level"] == "CAN_QUERY"
    for name in ("local-platform", "local-flight-delays"):
        assert "consumers" not in json.dumps(resources(local[name], "databricks_grants"))
        assert "consumers" not in json.dumps(resources(local[name], "databricks_permissions"))


def test_the_catalog_is_isolated_and_has_the_eight_schemas(local: dict[str, Any]) -> None:
    (catalog,) = resources(local["local-platform"], "databricks_catalog")
    schemas = {s["name"]: s["comment"] for s in resources(local["local-platform"], "databricks_schema")}

    assert (catalog["name"], catalog["isolation_mode"]) == ("local", "ISOLATED")
    assert schemas.keys() == {"bronze", "silver", "gold", "features", "models", "metrics", "inference", "payloads"}
    assert all(schemas.values())


def test_production_refuses_to_delete_what_holds_data(prod: dict[str, Any]) -> None:
    kinds = ("catalog", "schema", "volume", "directory", "registered_model", "mlflow_experiment", "model_serving")
    holding = [r for n, s in prod.items() if n != "manifest" for k in kinds for r in resources(s, f"databricks_{k}")]

    assert len(holding) == 15
    assert all(r["lifecycle"]["prevent_destroy"] for r in holding)
    assert not [r for r in holding if r.get("force_destroy")]


def test_local_can_be_taken_down_again(local: dict[str, Any]) -> None:
    assert "prevent_destroy" not in json.dumps([local[name] for name in STACKS])
    assert all(s["force_destroy"] for s in resources(local["local-platform"], "databricks_schema"))


def test_a_reference_to_existing_principals_makes_none(prod: dict[str, Any]) -> None:
    stack = prod["prod-azure-weu-platform"]

    assert not resources(stack, "databricks_group")
    assert not resources(stack, "databricks_service_principal")
    looked_up = stack["data"]["databricks_service_principal"].values()
    assert {d["display_name"] for d in looked_up} == {"prod-plan", "prod-ci"}  # run_as states its id


def test_other_workspaces_are_bound_to_read(prod: dict[str, Any]) -> None:
    (binding,) = resources(prod["prod-azure-weu-platform"], "databricks_workspace_binding")

    assert (binding["workspace_id"], binding["binding_type"]) == (42, "BINDING_TYPE_READ_ONLY")


def test_the_job_runs_the_six_steps_in_order_from_both_wheels(local: dict[str, Any]) -> None:
    (job,) = resources(local["local-flight-delays"], "databricks_job")
    order = ("ingest", "features", "train", "validate", "deploy", "batch_inference")

    tasks = {t["task_key"]: t for t in job["task"]}
    assert tasks.keys() == set(order)
    assert all(t["python_wheel_task"]["entry_point"] == key for key, t in tasks.items())
    after = {key: [d["task_key"] for d in t.get("depends_on", [])] for key, t in tasks.items()}
    assert after == {"ingest": []} | {later: [earlier] for earlier, later in pairwise(order)}
    (environment,) = job["environment"]
    assert environment["spec"]["environment_version"] == "4"
    assert [re.findall(r"wheel-\w+?_[0-9A-F]{8}", d) for d in environment["spec"]["dependencies"]] == [
        [name] for name in local["local-flight-delays"]["resource"]["databricks_file"]
    ]


def test_the_steps_get_their_parameters_as_the_wheel_reads_them(local: dict[str, Any]) -> None:
    (job,) = resources(local["local-flight-delays"], "databricks_job")
    parameters = {t["task_key"]: t["python_wheel_task"]["parameters"] for t in job["task"]}

    assert parameters["train"] == [
        *("--project", "flight_delays", "--catalog", "local"),
        *(
            "--experiment",
            "/Brickyard/local/local-flight-delays",
            "--model",
            "local.models.flight_delays",
        ),
        *("--endpoint", "local-flight-delays", "--job-run-id", "{{job.run_id}}"),
        *("--reason", "{{job.parameters.reason}}", "--land-until", "{{job.parameters.land_until}}"),
    ]
    assert {each["name"]: each["default"] for each in job["parameter"]} == {"reason": "", "land_until": ""}
    version = ["--model-version", "{{tasks.train.values.model_version}}"]
    assert parameters["validate"] == parameters["deploy"] == [*parameters["train"], *version]


def test_wheels_are_uploaded_under_their_own_hash(local: dict[str, Any]) -> None:
    for file in resources(local["local-flight-delays"], "databricks_file"):
        pattern = r"/Volumes/local/models/artifacts/flight_delays/([0-9a-f]{16})/\w+-1\.2\.3-py2\.py3-none-any\.whl"
        match = re.fullmatch(pattern, file["path"])
        assert match
        assert file["source"].startswith("assets/")
        assert match[1] in file["source"]
        assert file["lifecycle"]["create_before_destroy"]


def test_the_jobs_principal_owns_the_model(local: dict[str, Any]) -> None:
    stack = local["local-flight-delays"]
    (model,) = resources(stack, "databricks_registered_model")
    (job,) = resources(stack, "databricks_job")

    assert model["owner"] == job["run_as"]["service_principal_name"]


def test_schedules_wait_outside_production(synthesise: Synthesise, prod: dict[str, Any]) -> None:
    local = synthesise(project={"deployment": {"job": {"schedule": {"quartz_cron": "0 0 6 * * ?"}}}})

    (waiting,) = resources(local["local-flight-delays"], "databricks_job")
    (running,) = resources(prod["prod-azure-weu-flight-delays"], "databricks_job")
    assert waiting["schedule"]["pause_status"] == "PAUSED"
    assert running["schedule"]["pause_status"] == "UNPAUSED"


def test_nothing_synthesised_holds_a_secret_and_a_planted_one_is_found(
    synthesise: Synthesise, local: dict[str, Any], prod: dict[str, Any]
) -> None:
    planted = "dapi" + "0123456789abcdef" * 2

    assert forms_in(json.dumps([local, prod])) == []
    with pytest.raises(Refused) as caught:
        synthesise(project={"deployment": {"tags": {"contact": planted}}})
    told = str(caught.value)
    assert "local-flight-delays/job/Resource: holds a Databricks token" in told
    assert "local-flight-delays-serving/endpoint/Resource: holds a Databricks token" in told
    assert planted not in told


def test_what_the_clones_own_guard_refuses_is_told_for_all_stacks_and_not_left_to_be_applied(
    synthesise: Synthesise, tmp_path_factory: pytest.TempPathFactory
) -> None:
    guard = """
def check(resource, environment):
    if resource.kind in ("databricks_catalog", "databricks_job"):
        yield f"{resource.kind} is not for us; take it out"
"""

    with pytest.raises(Refused) as caught:
        synthesise(guard=guard)

    assert str(caught.value).splitlines() == [
        "2 things must not be deployed:",
        "  local-platform/catalog/Resource: databricks_catalog is not for us; take it out [ours]",
        "  local-flight-delays/job/Resource: databricks_job is not for us; take it out [ours]",
    ]
    (clone,) = {p.resolve().parents[1] for p in tmp_path_factory.getbasetemp().glob("clone*/guards/ours.py")}
    assert not list((clone / "out").glob("stacks/*/cdk.tf.json"))
    assert not (clone / "out" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["platform"], "local-platform would belong to the platform and to the project platform"),
        (["churn", "churn_serving"], "belong to the project churn and to the project churn_serving; rename"),
    ],
)
def test_two_stacks_of_one_name_are_refused(tmp_path: Path, names: list[str], told: str) -> None:
    environment = load_environment(ROOT / "environments/local.yaml")
    projects = [Project(name=name, title="x") for name in names]

    with pytest.raises(CannotBuildStacks, match=told):
        build_app(environment, projects, root=tmp_path, outdir=str(tmp_path))


@pytest.mark.parametrize(
    ("variables", "told"),
    [({}, "it is not set; environments: dev, local"), ({"BRICKYARD_ENV": "prd"}, "'prd' has no file")],
)
def test_an_environment_must_be_named(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    (tmp_path / "environments").mkdir()
    for name in ("dev", "local"):
        (tmp_path / "environments" / f"{name}.yaml").touch()

    with pytest.raises(UnknownEnvironment, match=told):
        environment_file(tmp_path, variables)
    assert environment_file(tmp_path, {"BRICKYARD_ENV": "dev"}).name == "dev.yaml"


def test_the_deployer_may_make_an_endpoint_of_a_model_that_another_principal_owns(local: dict[str, Any]) -> None:
    """Databricks reads the model with the rights of the endpoint's creator; MANAGE does not imply EXECUTE."""
    (model,) = resources(local["local-flight-delays"], "databricks_grants")
    (own,) = [g for g in model["grant"] if g["principal"] == "admin@brickyard.local"]

    assert own["privileges"] == ["EXECUTE", "MANAGE"]
