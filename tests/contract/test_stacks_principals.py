"""The platform is applied by an administrator, a project by its own deployer, and both are planned by who only reads.

Each principal has a token of its own, and Terraform is real: what one lacks, the local workspace refuses.
"""

import io
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.jobs import JobSettings

from brickyard_local.account import ADMIN
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
from brickyard_stacks.app import synthesise
from brickyard_stacks.planning import signed_in
from brickyard_stacks.settings import Environment, load_project

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")

pytestmark = [pytest.mark.slow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """An environment of three deployers, deployed; `deployer` applies this project, `others` all other ones."""

    workspace: LocalWorkspace
    environment: Environment
    root: Path
    variables: dict[str, str]
    deployer: str
    others: str

    def synthesise(self, out: str, **variables: str) -> None:
        projects = [load_project(ROOT / "projects/flight_delays/project.yaml")]
        synthesise(signed_in(self.environment, variables), projects, root=self.root, outdir=str(self.root / out))

    def terraform(self, out: str, stack: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.root / out / 'stacks' / stack}", *arguments, "-no-color"]
        return subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)

    def done(self, out: str, stack: str, *arguments: str) -> int:
        ended = self.terraform(out, stack, *arguments)
        assert ended.returncode != 1, f"{stack} {arguments}: …{ended.stdout[-3000:]}{ended.stderr[-3000:]}"
        return ended.returncode

    @property
    def catalog(self) -> str:
        return self.environment.catalog.name

    @property
    def model(self) -> str:
        return f"{self.catalog}.models.flight_delays"

    @property
    def wheels(self) -> str:
        return f"/Volumes/{self.catalog}/models/artifacts"

    @property
    def plan(self) -> str:
        """The application id of who plans."""
        name = self.environment.service_principals.plan.name
        (found,) = self.workspace.client().service_principals.list(filter=f'displayName eq "{name}"')
        return str(found.application_id)

    @property
    def stacks(self) -> tuple[str, ...]:
        name = self.environment.name
        return (f"{name}-platform", f"{name}-flight-delays", f"{name}-flight-delays-serving")


@pytest.fixture(scope="module")
def split(local_workspace: LocalWorkspace) -> Iterator[Split]:
    admin = local_workspace.client()
    name = f"split-{secrets.token_hex(3)}"
    deployer, others = (
        str(admin.service_principals.create(display_name=f"{name}-{which}").application_id)
        for which in ("deployer", "others")
    )
    with tempfile.TemporaryDirectory(prefix="brickyard-split-") as folder:
        root = Path(folder)
        for part in ("pipelines", "projects"):  # a copy: two syntheses of one test see one source
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        profiles = root / "databrickscfg"
        profiles.touch(0o600)
        environment = settings(admin, name, deployer, others, profiles)
        write_profiles(
            local_workspace, profiles, administrator=local_workspace.token, deployer=local_workspace.act_as(deployer)
        )
        configuration = install.install(root / "provider", local_cache())
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TF_"))}
        variables = {**kept, "TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}
        made = Split(
            workspace=local_workspace,
            environment=environment,
            root=root,
            variables=variables,
            deployer=deployer,
            others=others,
        )
        made.synthesise("out")
        for stack in made.stacks:
            made.done("out", stack, "init", "-input=false")
            made.done("out", stack, "apply", "-auto-approve")
        yield made
        for stack in reversed(made.stacks):
            made.done("out", stack, "destroy", "-auto-approve")


def write_profiles(workspace: LocalWorkspace, file: Path, **tokens: str) -> None:
    lines = [f"[{name}]\nhost = {workspace.host}\ntoken = {token}\n" for name, token in tokens.items()]
    with file.open("a") as profiles:
        profiles.write("\n".join(lines))


def settings(admin: WorkspaceClient, name: str, deployer: str, others: str, profiles: Path) -> Environment:
    for role in GROUPS:
        admin.groups.create(display_name=f"{name}-{role}")
    made = {"ownership": "create"}
    document: dict[str, Any] = {
        "name": name,
        "stage": "dev",
        "cloud": "aws",
        "region": "us-east-1",
        "workspace": {
            "name": "local",
            "account_id": admin.api_client.do("GET", "/.well-known/databricks-config")["account_id"],
            "auth": {"type": "profile", "profile": "others", "config_file": str(profiles)},
        },
        "platform": {
            "deployer": ADMIN,
            "auth": {"type": "profile", "profile": "administrator", "config_file": str(profiles)},
        },
        "catalog": {"name": name.replace("-", "_")},
        "groups": {role: {"name": f"{name}-{role}"} for role in GROUPS},
        "service_principals": {role: {"name": f"{name}-{role}", **made} for role in ("run_as", "plan", "ci")},
        "deployer": others,
        "deployers": {
            "flight_delays": {
                "deployer": deployer,
                "auth": {"type": "profile", "profile": "deployer", "config_file": str(profiles)},
            }
        },
        "state": {"backend": "local", "path": "state"},
        "compute": {
            "policies": ["job"],
            "node_types": ["i3.xlarge"],
            "warehouses": {"shared": {"ownership": "create", "auto_stop_minutes": 10}},
        },
        "tags": {"owner": "team", "cost_center": "1"},
    }
    return Environment.model_validate(document)


def test_each_stack_is_applied_by_its_own_principal_and_then_plans_no_change(split: Split) -> None:
    changed = [stack for stack in split.stacks if split.done("out", stack, "plan", "-detailed-exitcode")]

    assert changed == []
    assert split.workspace.client().jobs.get(job_of(split)).creator_user_name == split.deployer


def job_of(split: Split) -> int:
    (job,) = split.workspace.client().jobs.list(name=split.stacks[1])
    return int(job.job_id or 0)


def test_the_projects_deployer_cannot_change_the_platform(split: Split) -> None:
    client = split.workspace.client(token=split.workspace.act_as(split.deployer))

    with pytest.raises(PermissionDenied):
        client.catalogs.update(split.catalog, comment="mine")
    grant = PermissionsChange(principal=split.deployer, add=[Privilege.ALL_PRIVILEGES])
    with pytest.raises(PermissionDenied):
        client.grants.update("catalog", split.catalog, changes=[grant])
    with pytest.raises(PermissionDenied):
        client.schemas.create("mine", split.catalog)


def test_who_deploys_other_projects_changes_nothing_of_this_one(split: Split) -> None:
    client = split.workspace.client(token=split.workspace.act_as(split.others))

    with pytest.raises(PermissionDenied):
        client.jobs.update(job_of(split), new_settings=JobSettings(name="mine"))
    with pytest.raises(PermissionDenied):
        client.permissions.update("jobs", str(job_of(split)), access_control_list=[])


def test_the_plan_principal_sees_no_change_and_can_make_none(split: Split) -> None:
    token = split.workspace.act_as(split.plan)
    tokens = {"deployer-plan": token, "administrator-plan": token}
    write_profiles(split.workspace, split.root / "databrickscfg", **tokens)
    split.synthesise("seen", BRICKYARD_SIGN_IN="plan")

    for stack in split.stacks:
        split.done("seen", stack, "init", "-input=false")
        looked = ("plan", "-refresh=false", "-lock=false", "-detailed-exitcode")
        assert split.done("seen", stack, *looked) == 0, f"{stack} differs for who plans"
    # With a refresh only lists of grants differ: Databricks shows those to who may change them, and to nobody else.
    split.done("seen", split.stacks[1], "plan", "-lock=false", "-out=seen.tfplan")
    shown = json.loads(split.terraform("seen", split.stacks[1], "show", "-json", "seen.tfplan").stdout)
    differing = {c["type"] for c in shown["resource_changes"] if c["change"]["actions"] != ["no-op"]}
    assert differing <= {"databricks_grants"}


WRITES: dict[str, Callable[[WorkspaceClient, Split], Any]] = {
    "a job": lambda client, split: client.jobs.update(job_of(split), new_settings=JobSettings(name="mine")),
    "who runs a job": lambda client, split: client.permissions.update(
        "jobs", str(job_of(split)), access_control_list=[]
    ),
    "a catalog": lambda client, split: client.catalogs.update(split.catalog, comment="mine"),
    "a model": lambda client, split: client.registered_models.update(split.model, comment="mine"),
    "a grant": lambda client, split: client.grants.update("catalog", split.catalog, changes=[]),
    "a wheel": lambda client, split: client.files.upload(f"{split.wheels}/x", io.BytesIO(b"")),
    "a folder": lambda client, split: client.workspace.mkdirs(f"/Brickyard/{split.environment.prefix}/mine"),
}


@pytest.mark.parametrize("what", WRITES)
def test_the_plan_principal_cannot_write(split: Split, what: str) -> None:
    client = split.workspace.client(token=split.workspace.act_as(split.plan))

    with pytest.raises(PermissionDenied):
        WRITES[what](client, split)
