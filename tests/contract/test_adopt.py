"""`brickyard adopt` on a workspace that people set up by hand: the plan only imports, and nobody loses access."""

import argparse
import io
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType
from rich.console import Console

from brickyard.adopt.access import read_access
from brickyard.adopt.inventory import read_inventory
from brickyard.clone import Clone
from brickyard.errors import AccessLost, CannotAdopt
from brickyard.screen import Screen
from brickyard.terraform import synthesise
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")
PRINCIPALS = ("run_as", "plan", "ci")


@dataclass(frozen=True, kw_only=True, slots=True)
class Estate:
    """A clone without settings, and a workspace that was there before it."""

    clone: Clone
    workspace: LocalWorkspace
    catalog: str

    @property
    def analysts(self) -> str:
        """A group that holds no role here."""
        return f"{self.catalog}-analysts"

    @property
    def ana(self) -> str:
        """A person that holds no role here."""
        return f"{self.catalog}@example.com"

    @property
    def client(self) -> WorkspaceClient:
        return self.workspace.client()

    def run(self, *arguments: str) -> str:
        """`brickyard adopt …` in this process; returns what it showed."""
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(["adopt", *arguments])
        screen = Screen()
        screen.console = Console(file=io.StringIO(), width=200, highlight=False)
        options.run(options, self.clone, screen)
        return screen.console.file.getvalue()  # type: ignore[attr-defined,no-any-return]

    def adopt(self, *more: str) -> str:
        file = self.clone.relative(self.workspace.home.config_file)
        roles = [f"--group={role}={self.catalog}-{role}" for role in GROUPS]
        roles += [f"--service-principal={role}={self.catalog}-{role}" for role in PRINCIPALS]
        facts = ["--stage=dev", "--cloud=aws", "--region=us-east-1", "--tag=owner=team", "--tag=cost_center=1"]
        where = [f"--catalog={self.catalog}", "--profile=local", f"--config-file={file}"]
        return self.run("dev-x", *where, *facts, *roles, *more)

    def apply(self) -> None:
        out = synthesise(self.clone, "dev-x", self.clone.state / "applied")
        for stack in out.stacks:
            out.terraform(stack, "init", "-input=false")
            out.terraform(stack, "apply", "-input=false", "-auto-approve")

    def changes(self) -> list[str]:
        out = synthesise(self.clone, "dev-x", self.clone.state / "applied")
        return [f"{c.address} {c.actions}" for s in out.stacks for c in out.plan(s) if not c.changes_nothing]


GENUINE = pytest.param(
    "genuine",
    marks=[
        pytest.mark.genuine,
        pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
    ],
)


@pytest.fixture
def estate(
    request: pytest.FixtureRequest, tmp_path: Path, local_workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> Estate:
    """Catalog, schemas, volumes, groups and principals, made by hand, used by people who are nobody's role."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for part in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / part, clone)
    for part in ("environments", "projects"):
        (clone / part).mkdir()
    (clone / "pipelines").symlink_to(ROOT / "pipelines")
    if getattr(request, "param", "offline") == "genuine":
        configuration = request.getfixturevalue("genuine_mirror")()
    else:
        configuration = install.install(tmp_path / "provider", local_cache())
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "TF_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    made = Estate(clone=Clone.find(clone), workspace=local_workspace, catalog=f"sales_{secrets.token_hex(4)}")
    _by_hand(made)
    return made


def _by_hand(estate: Estate) -> None:
    client, catalog = estate.client, estate.catalog
    for role in GROUPS:
        client.groups.create(display_name=f"{catalog}-{role}")
    for role in PRINCIPALS:
        client.service_principals.create(display_name=f"{catalog}-{role}")
    client.groups.create(display_name=estate.analysts)
    client.users.create(user_name=estate.ana)
    client.catalogs.create(catalog, comment="made by hand in 2023", properties={"since": "2023"})
    for schema in ("bronze", "silver", "models", "marketing"):
        client.schemas.create(schema, catalog, comment="by hand")
    client.volumes.create(catalog, "bronze", "landing", VolumeType.MANAGED)
    client.registered_models.create(
        catalog_name=catalog, schema_name="models", name="churn", comment="Who leaves?", owner=estate.ana
    )
    client.workspace.mkdirs("/Brickyard/dev-x")
    for kind, name, principal, privileges in (
        ("catalog", catalog, estate.analysts, ["USE_CATALOG", "USE_SCHEMA", "SELECT"]),
        ("catalog", catalog, estate.ana, ["BROWSE"]),
        ("schema", f"{catalog}.bronze", estate.ana, ["MODIFY", "CREATE_TABLE"]),
        ("volume", f"{catalog}.bronze.landing", estate.analysts, ["READ_VOLUME"]),
        ("function", f"{catalog}.models.churn", estate.analysts, ["EXECUTE"]),
    ):
        grant(client, kind, name, principal, add=privileges)


def grant(client: WorkspaceClient, kind: str, name: str, principal: str, **change: list[str]) -> None:
    body = {"changes": [{"principal": principal, **change}]}
    client.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body=body)


@pytest.mark.slow
@pytest.mark.parametrize("estate", ["offline", GENUINE], indirect=True)
def test_a_workspace_made_by_hand_is_adopted_without_a_change_or_a_loss(estate: Estate) -> None:
    shown = estate.adopt()
    assert "not there yet, will be made: dev-x-platform: databricks_schema.catalog_gold_1AD6440F" in shown
    assert "not seen" not in shown
    settings = yaml.safe_load((estate.clone.root / "environments/dev-x.yaml").read_text())["catalog"]
    assert settings["isolation"] == "OPEN"
    assert settings["schemas"]["bronze"]["ownership"] == "adopt"
    assert settings["schemas"]["gold"] == {"ownership": "create"}
    assert settings["schemas"]["bronze"]["extra_access"] == {estate.ana: ["CREATE_TABLE", "MODIFY"]}

    estate.apply()
    assert not estate.changes()
    assert estate.client.catalogs.get(estate.catalog).comment == "made by hand in 2023"
    assert "Nobody lost access" in estate.run("dev-x", "--check")

    # The state is lost: now all is there, and the next plan shows imports only.
    for file in (estate.clone.root / ".brickyard/state").glob("*.tfstate*"):
        file.unlink()
    again = estate.run("dev-x", "--replace")
    assert "will be made" not in again
    assert f"import dev-x-platform: databricks_schema.catalog_gold_1AD6440F ({estate.catalog}.gold)" in again

    grant(estate.client, "schema", f"{estate.catalog}.bronze", estate.ana, remove=["MODIFY"])
    with pytest.raises(AccessLost, match=f"{estate.ana}: MODIFY on schema {estate.catalog}.bronze") as lost:
        estate.run("dev-x", "--check")
    assert lost.value.exit_status == 2


def test_no_file_is_overwritten_without_being_told(estate: Estate) -> None:
    file = estate.clone.root / "environments/dev-x.yaml"
    file.write_text("mine")

    with pytest.raises(CannotAdopt, match=r"environments/dev-x.yaml would be overwritten"):
        estate.adopt()

    assert file.read_text() == "mine"


def test_a_role_that_nobody_was_named_for_is_asked_for_with_those_there_are(estate: Estate) -> None:
    file = estate.clone.relative(estate.workspace.home.config_file)
    where = [f"--catalog={estate.catalog}", "--profile=local", f"--config-file={file}"]
    with pytest.raises(CannotAdopt, match=r"--group data_scientists=NAME .* The workspace has: .*-analysts"):
        estate.run("dev-x", *where, "--stage=dev", "--cloud=aws", "--region=us-east-1")
    assert not list((estate.clone.root / "environments").iterdir())


def test_who_may_not_read_the_catalog_is_told_the_grant_that_is_missing(estate: Estate) -> None:
    robot = str(estate.client.service_principals.create(display_name="robot").application_id)
    profile = f"[robot]\nhost = {estate.workspace.host}\ntoken = {estate.workspace.act_as(robot)}\n"
    file = estate.clone.root / "robot.cfg"
    file.touch(0o600)
    file.write_text(profile)
    where = [f"--catalog={estate.catalog}", "--profile=robot", f"--config-file={file}"]

    with pytest.raises(CannotAdopt, match=rf"GRANT MANAGE, USE CATALOG ON CATALOG `{estate.catalog}` TO `{robot}`"):
        estate.run("dev-x", *where, "--stage=dev", "--cloud=aws", "--region=us-east-1")


def test_the_workspace_itself_says_who_may_do_what(estate: Estate) -> None:
    before = read_access(estate.client, read_inventory(estate.client, estate.catalog))
    grant(estate.client, "catalog", estate.catalog, estate.analysts, remove=["SELECT"], add=["EXECUTE"])
    after = read_access(estate.client, read_inventory(estate.client, estate.catalog))

    lost = {(right.kind, right.name, right.privilege) for right in before.lost(after)}
    assert ("catalog", estate.catalog, "SELECT") in lost
    assert ("schema", f"{estate.catalog}.silver", "SELECT") in lost  # inherited: lost as well
    assert {right.privilege for right in before.gained(after)} == {"EXECUTE"}
    assert {right.principal for right in before.lost(after)} == {estate.analysts}
