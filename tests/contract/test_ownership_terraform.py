"""Create, adopt and reference, by real Terraform: what others hold on what is theirs stays theirs."""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_databricks.provider import DatabricksProvider
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.workspace import AclPermission

from brickyard_constructs.catalog import (
    Access,
    EntityTags,
    EntityTagsProps,
    GovernedSchema,
    GovernedSchemaProps,
    Grant,
    TaggedEntity,
)
from brickyard_constructs.ownership import Ownership
from brickyard_constructs.secrets import ScopePrincipal, SecretScopeProps, UsedSecretScope
from brickyard_local.pytest_plugin import LocalWorkspace

Privileges = dict[str, set[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Theirs:
    """A schema and a secret scope that other people made and use, and two groups."""

    client: WorkspaceClient
    name: str

    @property
    def schema(self) -> str:
        return f"{self.name}.crm"

    @property
    def ours(self) -> str:
        return f"{self.name}-ours"

    @property
    def others(self) -> str:
        return f"{self.name}-others"

    def privileges(self) -> Privileges:
        """Who holds what on the schema itself."""
        found = self.client.grants.get("schema", self.schema).privilege_assignments or []
        return {str(one.principal): {p.value for p in one.privileges or []} for one in found}

    def readers(self) -> set[str]:
        return {acl.principal for acl in self.client.secrets.list_acls(self.name)}


@pytest.fixture
def theirs(client: WorkspaceClient) -> Iterator[Theirs]:
    made = Theirs(client=client, name=f"theirs{secrets.token_hex(4)}")
    groups = [client.groups.create(display_name=name) for name in (made.ours, made.others)]
    client.catalogs.create(made.name)
    client.schemas.create("crm", made.name)
    reads = [PermissionsChange(principal=made.others, add=[Privilege.SELECT, Privilege.USE_SCHEMA])]
    client.grants.update("schema", made.schema, changes=reads)
    client.secrets.create_scope(made.name)
    client.secrets.put_acl(made.name, made.others, permission=AclPermission.READ)
    yield made
    client.catalogs.delete(made.name, force=True)
    client.secrets.delete_scope(made.name)
    for group in groups:
        client.groups.delete(str(group.id))


def _scopes(theirs: Theirs) -> SecretScopeProps:
    reader = ScopePrincipal(principal=theirs.ours, access="READ")
    return SecretScopeProps(name=theirs.name, principals=(reader,), ownership="reference")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """One stack over what is theirs, and Terraform in its folder."""

    folder: Path
    configuration: Path
    workspace: LocalWorkspace

    def synthesise(self, theirs: Theirs, ownership: Ownership) -> None:
        kept = (Grant(principal=theirs.others, privileges=("SELECT", "USE_SCHEMA")),)
        access = Access(
            deployer="admin@brickyard.local",
            grants=(Grant(principal=theirs.ours, privileges=("SELECT", "USE_SCHEMA")),),
            kept=() if ownership == "reference" else kept,
        )
        stack = TerraformStack(App(outdir=str(self.folder / "out")), "stack")
        DatabricksProvider(stack, "databricks")
        props = GovernedSchemaProps(catalog=theirs.name, name="crm", access=access, ownership=ownership)
        GovernedSchema(stack, "crm", props)
        UsedSecretScope(stack, "scope", _scopes(theirs))
        tags = EntityTagsProps(entity=TaggedEntity.SCHEMA, name=theirs.schema, tags={"project": "churn"})
        EntityTags(stack, "tags", tags)
        App.of(stack).synth()
        document = json.loads((self.folder / "out/stacks/stack/cdk.tf.json").read_text())
        del document["terraform"]["backend"]
        (self.folder / "cdk.tf.json").write_text(json.dumps(document))

    def run(self, *arguments: str) -> str:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(self.configuration),
            "DATABRICKS_HOST": self.workspace.host,
            "DATABRICKS_TOKEN": self.workspace.token,
        }
        first, *more = arguments
        done = subprocess.run(
            ["terraform", first, "-no-color", *more],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def deployment(tmp_path: Path, either_provider: Path, local_workspace: LocalWorkspace) -> Deployment:
    return Deployment(folder=tmp_path, configuration=either_provider, workspace=local_workspace)


def test_what_is_referenced_keeps_what_others_hold_while_we_come_and_go(theirs: Theirs, deployment: Deployment) -> None:
    before = theirs.privileges()
    deployment.synthesise(theirs, "reference")
    deployment.run("init")
    deployment.run("apply", "-auto-approve")
    deployment.run("plan", "-detailed-exitcode")

    assert theirs.privileges() == before | {theirs.ours: {"SELECT", "USE_SCHEMA"}}
    assert {theirs.ours, theirs.others} <= theirs.readers()

    deployment.run("destroy", "-auto-approve")
    assert theirs.privileges() == before
    assert theirs.others in theirs.readers()
    assert theirs.ours not in theirs.readers()


def test_what_is_adopted_is_imported_and_nobody_loses_access(theirs: Theirs, deployment: Deployment) -> None:
    before = theirs.privileges()
    deployment.synthesise(theirs, "adopt")
    deployment.run("init")
    planned = deployment.run("plan")
    assert "2 to import" in planned
    assert "0 to destroy" in planned
    deployment.run("apply", "-auto-approve")
    deployment.run("plan", "-detailed-exitcode")

    ours = {theirs.ours: {"SELECT", "USE_SCHEMA"}, "admin@brickyard.local": {"MANAGE"}}
    assert theirs.privileges() == before | ours
