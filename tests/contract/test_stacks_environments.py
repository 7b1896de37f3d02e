"""The four shipped environments, each a workspace over one local metastore: valid, applied, and then unchanged.

What differs from the files is what only a cloud has: hosts, application ids, the state's backend, and prices.
`prod` has its account's stack as well, but with the genuine provider, which signs in to accounts at Databricks' only.
With the offline provider always, and with the genuine one where BRICKYARD_GENUINE_PROVIDER names its binary.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import AwsIamRoleRequest, AzureManagedIdentityRequest

from brickyard_local import process
from brickyard_local.account import ADMIN, Home, WorkspaceSpec
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
from brickyard_stacks.app import synthesise
from brickyard_stacks.settings import Environment, load_environment, load_project
from brickyard_stacks.settings.auth import ProfileAuth
from brickyard_stacks.settings.compute import Compute
from brickyard_stacks.settings.operations import Notifications
from brickyard_stacks.settings.state import LocalState

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.99.0"
NAMES = ("local", "dev", "staging", "prod")
# What each environment's jobs have promoted, and its endpoints then serve: versions and shares of traffic.
PROMOTED = {
    "dev": ("churn_small@champion", "churn_small@challenger", "support_llm@champion"),
    "staging": ("flight_delays@champion", "flight_delays@challenger"),
    "prod": ("flight_delays@champion", "flight_delays@challenger"),
}
SPLIT = {"champion": ("1", 90), "challenger": ("2", 10)}
SERVED: dict[str, dict[str, dict[str, tuple[str, int]]]] = {
    "dev": {"dev-flight-delays-small": SPLIT, "dev-flight-delays-llm": {"champion": ("1", 100)}},
    "staging": {"staging-flight-delays-split": SPLIT},
    "prod": {"prod-flight-delays-split": SPLIT},
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One metastore, a workspace for each environment, and the settings that lead there."""

    workspace: LocalWorkspace
    environments: Mapping[str, Environment]
    ids: Mapping[str, int]

    def client(self, environment: str) -> WorkspaceClient:
        return self.workspace.client(workspace=self.environments[environment].workspace.name)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    shipped = {name: load_environment(ROOT / f"environments/{name}.yaml") for name in NAMES}
    with tempfile.TemporaryDirectory(prefix="brickyard-environments-") as folder:
        home = Home(root=Path(folder) / "home", cache=local_cache())
        specs = tuple(WorkspaceSpec(name=each.workspace.name) for each in shipped.values())
        info = process.start(home, specs, tied=True)
        try:
            workspace = LocalWorkspace(home=home, hosts=dict(info.hosts), token=home.token_file.read_text().strip())
            clients = {name: workspace.client(workspace=each.workspace.name) for name, each in shipped.items()}
            make_principals(shipped, clients)
            make_storage(clients)
            make_warehouses(shipped, clients)
            ids = {name: client.get_workspace_id() for name, client in clients.items()}
            told: Any = clients["local"].api_client.do("GET", "/.well-known/databricks-config")
            settled = {name: settle(each, home, ids, told["account_id"]) for name, each in shipped.items()}
            yield Account(workspace=workspace, environments=settled, ids=ids)
        finally:
            process.stop(home)


def settle(environment: Environment, home: Home, ids: Mapping[str, int], account_id: str) -> Environment:
    """The same environment, on this machine."""
    auth = ProfileAuth(type="profile", profile=environment.workspace.name, config_file=str(home.root / "databrickscfg"))
    principals = {
        role: principal.model_copy(update={"application_id": None})
        for role, principal in environment.service_principals
    }
    dev = [binding.model_copy(update={"workspace_id": ids["dev"]}) for binding in environment.catalog.bindings]
    workspace = environment.workspace.model_copy(update={"auth": auth, "id": ids[environment.name]})
    account = environment.account and environment.account.model_copy(update={"id": account_id, "auth": auth})
    cloud_only = {"connectivity_config_id": None, "egress_policy_id": None}
    return environment.model_copy(
        update={
            "workspace": workspace,
            "account": account,
            "platform": None,
            "deployer": ADMIN,
            "network": environment.network.model_copy(update=cloud_only),
            "service_principals": environment.service_principals.model_copy(update=principals),
            "catalog": environment.catalog.model_copy(update={"bindings": tuple(dev)}),
            "state": LocalState(backend="local", path="state"),
            "notifications": Notifications(),  # nobody is told of anything here, so that jobs may not ask for it
            "compute": on_this_machine(environment.compute),
        }
    )


def on_this_machine(compute: Compute) -> Compute:
    """Nothing has a price here, and the local workspace stops warehouses after ten minutes at the earliest."""
    patient = {
        name: each.model_copy(update={"auto_stop_minutes": max(each.auto_stop_minutes, 10)})
        for name, each in compute.warehouses.items()
    }
    return compute.model_copy(update={"cost_limit_dbu_per_hour": None, "warehouses": patient})


def make_principals(environments: Mapping[str, Environment], clients: Mapping[str, WorkspaceClient]) -> None:
    """What SCIM brings to an account, and its administrator into workspaces: groups and service principals."""
    admin = clients["local"]
    made: dict[str, str] = {}
    for name, environment in environments.items():
        entries: list[tuple[Any, Any]] = [(admin.groups, group) for _, group in environment.groups]
        entries += [(admin.service_principals, principal) for _, principal in environment.service_principals]
        for api, entry in entries:
            if entry.ownership != "reference":
                continue
            if entry.name not in made:
                made[entry.name] = str(api.create(display_name=entry.name).id)
            path = f"/api/2.0/preview/permissionassignments/principals/{made[entry.name]}"
            clients[name].api_client.do("PUT", path, body={"permissions": ["USER"]})


def make_warehouses(environments: Mapping[str, Environment], clients: Mapping[str, WorkspaceClient]) -> None:
    """Those that are only referred to: they are there before."""
    for name, environment in environments.items():
        for warehouse in environment.compute.warehouses.values():
            if warehouse.ownership == "reference":
                made = clients[name].warehouses.create(name=warehouse.name, cluster_size="2X-Small")
                clients[name].warehouses.stop(str(made.response.id))


def make_storage(clients: Mapping[str, WorkspaceClient]) -> None:
    """What somebody else owns, and staging and prod only refer to."""
    client, azure = clients["staging"], "/subscriptions/0/resourceGroups/data/providers/Microsoft.Databricks"
    role = AwsIamRoleRequest(role_arn="arn:aws:iam::000000000000:role/raw")
    client.storage_credentials.create("acme-raw-reader", aws_iam_role=role, skip_validation=True)
    identity = AzureManagedIdentityRequest(access_connector_id=f"{azure}/accessConnectors/acme-prod")
    clients["prod"].storage_credentials.create("acme-prod-lake", azure_managed_identity=identity, skip_validation=True)
    client.external_locations.create("acme-raw", "s3://acme-example-raw/exports", "acme-raw-reader")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """One environment's synthesised stacks, and Terraform."""

    out: Path
    variables: dict[str, str]

    def terraform(self, stack: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.out / 'stacks' / stack}", *arguments, "-no-color"]
        done = subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)
        assert done.returncode != 1, f"{stack} {arguments}: …{done.stdout[-500:]}{done.stderr[-3000:]}"
        return done

    def stacks(self) -> list[str]:
        manifest = json.loads((self.out / "manifest.json").read_text())["stacks"]
        return sorted(manifest, key=lambda name: (len(depth(manifest, name)), name))


def depth(manifest: Mapping[str, Any], stack: str) -> set[str]:
    """All stacks that must be there before."""
    before = manifest[stack]["dependencies"]
    return {*before, *(name for each in before for name in depth(manifest, each))}


@pytest.fixture
def deploy(
    request: pytest.FixtureRequest, tmp_path: Path, either_provider: Path, account: Account
) -> Callable[..., Deployment]:
    def run(name: str, settings: Mapping[str, Any] | None = None) -> Deployment:
        clone = tmp_path / name
        clone.mkdir()
        for part in ("pipelines", "projects"):
            (clone / part).symlink_to(ROOT / part)
        environment = account.environments[name]
        if request.node.callspec.params["either_provider"] == "genuine":
            environment = environment.model_copy(update={"account": None})
        file = ROOT / "projects/flight_delays/project.yaml"
        if settings is not None:
            file = clone / "flight_delays" / "project.yaml"
            file.parent.mkdir()
            file.write_text(yaml.safe_dump(settings))
        projects = [load_project(file)]
        synthesise(environment, projects, root=clone, outdir=str(clone / "out"))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TF_"))}
        variables = {**kept, "TF_CLI_CONFIG_FILE": str(either_provider), "CHECKPOINT_DISABLE": "1"}
        return Deployment(out=clone / "out", variables=variables)

    return run


@pytest.mark.parametrize("name", NAMES)
def test_an_environment_is_valid_plans_before_anything_is_there_applies_and_then_plans_no_change(
    deploy: Callable[..., Deployment], account: Account, tmp_path: Path, name: str
) -> None:
    """In dev with a project of three models, two endpoints, an alert and a fine-tuning run, from project.yaml alone.

    Endpoints come with what is promoted: two versions of one model that share its traffic, and a language model.
    Planning and applying validate, so that `terraform validate` would only say the same once more.
    """
    deployment = deploy(name, large_project() if name == "dev" else split_project() if name in SERVED else None)
    for stack in deployment.stacks():
        deployment.terraform(stack, "init", "-input=false")
        if name in ("local", "dev"):  # the others only look up what these do
            assert deployment.terraform(stack, "plan", "-lock=false", "-detailed-exitcode").returncode == 2

    for stack in deployment.stacks():
        deployment.terraform(stack, "apply", "-auto-approve")

    assert [s for s in deployment.stacks() if deployment.terraform(s, "plan", "-detailed-exitcode").returncode] == []
    if name in SERVED:
        promote(account, name, tmp_path)
        serving = f"{name}-flight-delays-serving"
        deployment.terraform(serving, "apply", "-auto-approve")
        assert deployment.terraform(serving, "plan", "-detailed-exitcode").returncode == 0
        assert {each: served(account.client(name), each) for each in SERVED[name]} == SERVED[name]
    if name == "dev":
        assert policy_of(account.client("dev"), "dev-flight-delays-finetune") == "acme-dev-gpu"
    if name == "prod":
        catalog = account.environments["prod"].catalog.name
        assert catalog in {c.name for c in account.client("dev").catalogs.list()}
        assert catalog not in {c.name for c in account.client("staging").catalogs.list()}
        bound = account.client("prod").workspace_bindings.get_bindings("catalog", catalog)
        assert account.ids["dev"] in {b.workspace_id for b in bound}
    unprotect_and_destroy(deployment, account, name)


def large_project() -> dict[str, Any]:
    """More of everything than the shipped one."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("large_project.yaml").read_text())
    return document


def split_project() -> dict[str, Any]:
    """The shipped project, with two versions behind its endpoint."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "projects/flight_delays/project.yaml").read_text())
    del document["deployment"]["serving"]
    split = {"model": "flight_delays", "split": {"champion": 90, "challenger": 10}}
    document["deployment"]["endpoints"] = {"split": split}
    return document


def promote(account: Account, name: str, folder: Path) -> None:
    """Versions of models with their aliases, as a project's jobs leave them."""
    environment = account.environments[name]
    access = {"DATABRICKS_HOST": account.workspace.hosts[environment.workspace.name]}
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATABRICKS_TOKEN": account.workspace.token, **access}
    promoted = [f"{environment.catalog.name}.models.{each}" for each in PROMOTED[name]]
    argv = [sys.executable, str(Path(__file__).with_name("promoted_models.py")), *promoted]
    done = subprocess.run(argv, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def served(client: WorkspaceClient, endpoint: str) -> dict[str, tuple[str, int]]:
    """Versions and shares of traffic by the names of served entities, of an endpoint that is ready."""
    found: Any = client.serving_endpoints.get(endpoint).as_dict()
    assert found["state"] == {"ready": "READY", "config_update": "NOT_UPDATING"}
    entities, routes = found["config"]["served_entities"], found["config"]["traffic_config"]["routes"]
    shares = {each["served_model_name"]: each["traffic_percentage"] for each in routes}
    return {each["name"]: (each["entity_version"], shares[each["name"]]) for each in entities}


def policy_of(client: WorkspaceClient, job: str) -> str | None:
    """The name of the policy that a job's only cluster is made under."""
    (listed,) = client.jobs.list(name=job)
    settings = client.jobs.get(listed.job_id or 0).settings
    (cluster,) = (settings and settings.job_clusters) or []
    return client.cluster_policies.get(str(cluster.new_cluster.policy_id)).name


def unprotect_and_destroy(deployment: Deployment, account: Account, name: str) -> None:
    """The next provider begins with an empty metastore; what is protected is unprotected first, as a person would."""
    catalog = account.environments[name].catalog.name
    for stack in reversed(deployment.stacks()):
        file = deployment.out / "stacks" / stack / "cdk.tf.json"
        file.write_text(file.read_text().replace('"prevent_destroy": true', '"prevent_destroy": false'))
        deployment.terraform(stack, "destroy", "-auto-approve")
        if stack.endswith("-serving"):  # what endpoints recorded stays, and keeps its schema
            for table in account.client(name).tables.list(catalog, "payloads"):
                account.client(name).tables.delete(str(table.full_name))
