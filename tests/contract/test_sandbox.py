"""Personal sandboxes: deployed beside each other, seen by their tags, removed by Terraform."""

import argparse
import io
import json
import os
import re
import secrets
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.sdk.service.iam import Patch, PatchOp, PatchSchema
from rich.console import Console

from brickyard.clone import Clone
from brickyard.errors import NotConfirmed, SandboxTaken, UnknownSandbox
from brickyard.screen import Screen
from brickyard.terraform import Synthesised, synthesise
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.account import ADMIN
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
from brickyard_stacks.errors import CannotBuildStacks, InvalidSettings
from brickyard_stacks.sandboxes import read_sandbox
from brickyard_stacks.settings import load_environment
from brickyard_stacks.settings.sandbox import sandbox_file

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")
PRINCIPALS = ("run_as", "plan", "ci")


def today() -> date:
    return datetime.now(UTC).date()


class Dev:
    """One person's clone of a dev environment; `like` another one's, whose environment and states it shares."""

    def __init__(
        self, workspace: LocalWorkspace, root: Path, *, stage: str = "dev", like: "Dev | None" = None, who: str = ADMIN
    ) -> None:
        self.workspace = workspace
        self.client = workspace.client(token=workspace.act_as(who))
        self.environment = like.environment if like else f"dev-{secrets.token_hex(4)}"
        self.catalog = self.environment.replace("-", "_")
        root.mkdir()
        for part in ("main.py", "cdktf.json"):
            shutil.copy(ROOT / part, root)
        for part in ("pipelines", "projects"):
            (root / part).symlink_to(ROOT / part)
        (root / "environments").mkdir()
        self.clone = Clone.find(root)
        self.file = root / "environments" / f"{self.environment}.yaml"
        self.file.write_text(like.file.read_text() if like else yaml.safe_dump(self._settings(stage)))
        profile = root / "databrickscfg"
        profile.touch(0o600)
        profile.write_text(f"[mine]\nhost = {workspace.host}\ntoken = {workspace.act_as(who)}\n")

    def _settings(self, stage: str) -> dict[str, Any]:
        account: Any = self.client.api_client.do("GET", "/.well-known/databricks-config")
        return {
            "name": self.environment,
            "stage": stage,
            "cloud": "aws",
            "region": "us-east-1",
            "workspace": {
                "name": "local",
                "account_id": account["account_id"],
                "auth": {"type": "profile", "profile": "mine", "config_file": "databrickscfg"},
            },
            "catalog": {"name": self.catalog},
            "groups": {role: {"name": f"{self.environment}-{role}"} for role in GROUPS},
            "service_principals": {
                role: {"name": f"{self.environment}-{role}", "ownership": "create"} for role in PRINCIPALS
            },
            "compute": {"warehouses": {"shared": {"ownership": "create", "auto_stop_minutes": 10}}},
            "deployer": ADMIN,
            "state": {"backend": "local", "path": str(self.clone.root.parent / "states")},
            "tags": {"owner": "team", "cost_center": "1"},
        }

    def platform(self) -> None:
        """What there is before anybody has a sandbox, as far as the commands look at it."""
        self.client.catalogs.create(self.catalog)

    def platform_by_terraform(self) -> None:
        """The groups that SCIM brings, and the platform's stack."""
        for role in GROUPS:
            self.client.groups.create(display_name=f"{self.environment}-{role}")
        out = synthesise(self.clone, self.environment, self.clone.state / "out")
        for arguments in (("init", "-input=false"), ("apply", "-input=false", "-auto-approve")):
            out.terraform(f"{self.environment}-platform", *arguments)

    def engineer(self, name: str, role: str) -> "Dev":
        """Another clone of the environment, of somebody who is in one group and nothing else."""
        email = f"{name}.{self.environment}@example.com"
        user = self.client.users.create(user_name=email)
        (group,) = self.client.groups.list(filter=f'displayName eq "{self.environment}-{role}"')
        added = Patch(op=PatchOp.ADD, path="members", value=[{"value": user.id}])
        self.client.groups.patch(
            str(group.id), operations=[added], schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
        )
        return Dev(self.workspace, self.clone.root.with_name(name), like=self, who=email)

    def job_of(self, name: str, *, owner: str, expires: date) -> int:
        tags = {"environment": self.environment, "sandbox": name, "owner": owner, "expires": expires.isoformat()}
        made: Any = self.client.api_client.do(
            "POST", "/api/2.2/jobs/create", body={"name": f"{self.environment}-churn-{name}", "tags": tags}
        )
        return int(made["job_id"])

    def run(self, verb: str, *arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(["sandbox", verb, self.environment, *arguments])
        screen = Screen()
        screen.console = Console(file=io.StringIO(), width=200, highlight=False)
        return options.run(options, self.clone, screen) or 0, screen.console.file.getvalue()  # type: ignore[attr-defined]

    def listed(self, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
        self.run("list", "--json")
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    def deploy(self, name: str) -> Synthesised:
        out = synthesise(self.clone, self.environment, self.clone.state / "out", BRICKYARD_SANDBOX=name)
        for stack in out.stacks:
            out.terraform(stack, "init", "-input=false")
            out.terraform(stack, "apply", "-input=false", "-auto-approve")
        return out


@pytest.fixture
def dev(local_workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dev:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "TF_", "BRICKYARD_SANDBOX"))]:
        monkeypatch.delenv(name)
    return Dev(local_workspace, tmp_path / "a clone")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_engineers_deploy_beside_each_other_with_what_the_platform_gives_them_and_what_is_over_is_removed(
    dev: Dev, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = install.install(tmp_path / "provider", local_cache())
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    dev.platform_by_terraform()
    ana, bo = dev.engineer("ana", "data_scientists"), dev.engineer("bo", "ml_engineers")
    ana.run("new", "--name", "ana")
    hers = ana.deploy("ana")
    bo.run("new", "--name", "bo")
    record = sandbox_file(bo.clone.root, dev.environment, "bo")
    yesterday = today() - timedelta(days=2)
    record.write_text(re.sub("expires: .*", f"expires: {yesterday}", record.read_text()))
    bo.deploy("bo")

    assert [change for stack in hers.stacks for change in hers.plan(stack) if not change.changes_nothing] == []
    listed = dev.listed(capsys)
    owners = [f"{name}.{dev.environment}@example.com" for name in ("ana", "bo")]
    assert [(sandbox["name"], sandbox["owner"], sandbox["expired"]) for sandbox in listed] == [
        ("ana", owners[0], False),
        ("bo", owners[1], True),
    ]
    assert f"job {dev.environment}-flight-delays-ana" in listed[0]["objects"]
    assert f"schema {dev.catalog}.ana_flight_delays" in listed[0]["objects"]

    dev.run("expired", "--remove", "--yes")  # by an administrator's pipeline, whose clone has no record of it

    assert [sandbox["name"] for sandbox in dev.listed(capsys)] == ["ana"]
    schemas = {schema.name for schema in dev.client.schemas.list(dev.catalog)}
    assert "bo_flight_delays" not in schemas
    assert {"ana_flight_delays", "models"} <= schemas
    ana.run("remove", "ana", "--yes")
    assert dev.listed(capsys) == []


def test_what_is_somebody_elses_and_not_over_is_removed_only_by_the_owners_name(dev: Dev) -> None:
    dev.platform()
    dev.job_of("bo", owner="bo@example.com", expires=date(2999, 1, 1))

    with pytest.raises(SandboxTaken, match=r"'bo' is bo@example.com's, until 2999-01-01.*`--of bo@example.com`"):
        dev.run("remove", "bo", "--yes")
    with pytest.raises(SandboxTaken, match=r"bo@example\.com's"):
        dev.run("remove", "bo", "--yes", "--of", "ana@example.com")


def test_a_name_that_is_somebody_elses_is_refused(dev: Dev) -> None:
    dev.platform()
    dev.job_of("ana", owner="ana@example.com", expires=date(2999, 1, 1))

    with pytest.raises(SandboxTaken, match=r"'ana' is ana@example.com's"):
        dev.run("new", "--name", "ana")
    assert not sandbox_file(dev.clone.root, dev.environment, "ana").exists()


def test_an_expired_sandbox_is_reported_by_the_exit_status(dev: Dev) -> None:
    dev.platform()
    assert dev.run("expired") == (0, "0 expired.\n")
    yesterday = today() - timedelta(days=2)
    dev.job_of("bo", owner="bo@example.com", expires=yesterday)
    dev.job_of("cy", owner="cy@example.com", expires=date(2999, 1, 1))

    status, shown = dev.run("expired")
    assert status == 2
    assert f"bo  bo@example.com  until {yesterday} EXPIRED" in shown
    assert "cy@example.com" not in shown
    assert "cy  cy@example.com  until 2999-01-01\n" in dev.run("list")[1]


def test_nothing_is_removed_unless_somebody_agrees(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.platform()
    dev.job_of("bo", owner="bo@example.com", expires=date(2999, 1, 1))
    monkeypatch.setattr("sys.stdin", io.StringIO())

    with pytest.raises(NotConfirmed, match=r"deletes job dev-.*-churn-bo, .* add --yes"):
        dev.run("remove", "bo", "--of", "bo@example.com")
    with pytest.raises(UnknownSandbox, match=r"no sandbox 'di'. There: bo"):
        dev.run("remove", "di", "--yes")
    assert [job.settings.name for job in dev.client.jobs.list(name=f"{dev.environment}-churn-bo") if job.settings]


def test_the_record_says_whose_a_sandbox_is_and_until_when(dev: Dev) -> None:
    dev.platform()
    dev.run("new", "--name", "ana", "--days", "3")
    environment = load_environment(dev.file)

    sandbox = read_sandbox(dev.clone.root, environment, {"BRICKYARD_SANDBOX": "ana"})
    assert sandbox is not None
    assert (sandbox.name, sandbox.owner) == ("ana", ADMIN)
    assert timedelta(days=2) <= sandbox.expires - today() <= timedelta(days=4)
    assert read_sandbox(dev.clone.root, environment, {}) is None
    with pytest.raises(CannotBuildStacks, match=r"brickyard sandbox new dev-.* --name bo"):
        read_sandbox(dev.clone.root, environment, {"BRICKYARD_SANDBOX": "bo"})
    sandbox_file(dev.clone.root, dev.environment, "ana").write_text("name: ana\nowner: me\nexpires: soon\n")
    with pytest.raises(InvalidSettings, match=r"ana.yaml:3: expires"):
        read_sandbox(dev.clone.root, environment, {"BRICKYARD_SANDBOX": "ana"})


def test_there_are_no_sandboxes_of_production(local_workspace: LocalWorkspace, tmp_path: Path) -> None:
    prod = Dev(local_workspace, tmp_path / "clone", stage="prod")
    with pytest.raises(UnknownSandbox, match="the stage prod"):
        prod.run("list")
    with pytest.raises(CannotBuildStacks, match="unset it"):
        read_sandbox(prod.clone.root, load_environment(prod.file), {"BRICKYARD_SANDBOX": "ana"})
