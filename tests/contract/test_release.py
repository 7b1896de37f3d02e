"""A whole release through three environments: what was reviewed is applied, and nothing else.

Real Terraform and the offline provider; who plans has a token that may only read, and the key that opens the plans is
not in the clone.
"""

import argparse
import contextlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from brickyard.bundle.sealing import KEY, new_key
from brickyard.clone import Clone
from brickyard.errors import BundleRefused
from brickyard.screen import Screen
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.account import ADMIN
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow]

STAGES = ("dev", "staging", "prod")
GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")
LOCKS = ("Pipfile", "Pipfile.lock", "package.json", "package-lock.json")
PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["{name}"]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    status: int
    text: str


class House:
    """The clone, as a person or a pipeline uses it."""

    def __init__(self, workspace: LocalWorkspace, root: Path) -> None:
        self.workspace, self.client = workspace, workspace.client()
        self.mark = secrets.token_hex(3)
        self.names = {stage: f"{stage}-{self.mark}" for stage in STAGES}
        for part in ("main.py", "cdktf.json", *LOCKS):
            root.mkdir(exist_ok=True)
            shutil.copy(ROOT / part, root)
        for folder, package in (("pipelines", "brickyard_pipelines"), ("projects/churn", "churn")):
            (root / folder / package).mkdir(parents=True)
            (root / folder / package / "__init__.py").touch()
            (root / folder / "pyproject.toml").write_text(PYPROJECT.format(name=package))
        project = {"name": "churn", "title": "Who leaves?"}
        (root / "projects/churn/project.yaml").write_text(yaml.safe_dump(project))
        (root / ".gitignore").write_text(".brickyard/\n__pycache__/\n")
        (root / "environments").mkdir()
        self.clone = Clone.find(root)
        self.profiles = root / ".brickyard" / "databrickscfg"
        self.profiles.parent.mkdir()
        self.profiles.touch(0o600)
        for role in GROUPS:
            self.client.groups.create(display_name=f"{self.mark}-{role}")
        for stage in STAGES:
            self._environment(stage)
        self.git("init", "-q")
        self.first = self.commit("first")

    def _environment(self, stage: str) -> None:
        name = self.names[stage]
        plan = str(self.client.service_principals.create(display_name=f"{name}-plan").application_id)
        others = {"ownership": "create"}
        document: dict[str, Any] = {
            "name": name,
            "stage": stage,
            "cloud": "aws",
            "region": "us-east-1",
            "workspace": {
                "name": "local",
                "account_id": self.client.api_client.do("GET", "/.well-known/databricks-config")["account_id"],
                "auth": {"type": "profile", "profile": name, "config_file": str(self.profiles)},
            },
            "catalog": {"name": name.replace("-", "_")},
            "groups": {role: {"name": f"{self.mark}-{role}"} for role in GROUPS},
            "service_principals": {
                "run_as": {"name": f"{name}-run-as", **others},
                "ci": {"name": f"{name}-ci", **others},
                "plan": {"name": f"{name}-plan"},
            },
            "deployer": ADMIN,
            "state": {"backend": "local", "path": ".brickyard/state"},
            "tags": {"owner": "team", "cost_center": "1"},
        }
        (self.clone.root / "environments" / f"{name}.yaml").write_text(yaml.safe_dump(document))
        with self.profiles.open("a") as file:
            for profile, token in ((name, self.workspace.token), (f"{name}-plan", self.workspace.act_as(plan))):
                file.write(f"[{profile}]\nhost = {self.workspace.host}\ntoken = {token}\n")

    def settings(self, stage: str, **changes: Any) -> None:
        """Change an environment's file."""
        file = self.clone.root / "environments" / f"{self.names[stage]}.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        argv = ["git", "-C", str(self.clone.root), *identity, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *arguments: str, **variables: str) -> Ran:
        """A command, with its own variables; what it raises is the caller's."""
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(arguments)
        screen, printed, said = Screen(), io.StringIO(), io.StringIO()
        screen.console = Console(file=said, width=200, highlight=False)
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
            for name, value in variables.items():
                patch.setenv(name, value)
            status = options.run(options, self.clone, screen) or 0
        return Ran(status=status, text=printed.getvalue() + said.getvalue())

    def plan(self, stage: str, key: Path, *more: str) -> tuple[Path, dict[str, Any], str]:
        """As the identity that only reads: the bundle, its manifest and its digest."""
        public = key.with_suffix(".pub")
        if not key.exists():
            public.write_text(new_key(key))
        out = key.parent / f"bundle-{stage}"
        outputs = key.parent / "outputs"
        outputs.write_text("")
        asked = (
            "plan",
            self.names[stage],
            "--out",
            str(out),
            "--recipient",
            public.read_text(),
            "--threshold",
            "block",
            *more,
        )
        ran = self.run(*asked, BRICKYARD_SIGN_IN="plan", GITHUB_OUTPUT=str(outputs))
        assert ran.status == 0, ran.text
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return out, json.loads((out / "manifest.json").read_text()), told["digest"]

    def apply(self, bundle: Path, digest: str, key: Path) -> Ran:
        """As who may write, with the key that a vault would give."""
        return self.run("apply", str(bundle), "--approved", digest, **{KEY: key.read_text()})


@pytest.fixture
def house(fresh_local_workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "TF_", "BRICKYARD_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    configuration = install.install(tmp_path / "provider", tmp_path / "provider" / "cache")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return House(fresh_local_workspace, tmp_path / "a clone")


def stacks(manifest: dict[str, Any]) -> dict[str, bool]:
    return {stack["name"]: stack["changes"] for stack in manifest["stacks"]}


def test_what_was_reviewed_is_applied_in_three_environments_and_nothing_else(house: House, tmp_path: Path) -> None:
    dev, key = house.names["dev"], tmp_path / "keys" / "key"

    # A pull request: plan and review of the target, by who only reads, and nothing is kept.
    preview = house.run("plan", dev, "--preview", "--out", str(tmp_path / "preview"), BRICKYARD_SIGN_IN="plan")
    assert preview.status == 2, preview.text  # what it would create may take access from somebody: a person looks
    assert {file.name for file in (tmp_path / "preview").iterdir()} == {"review.json", "review.html", "review.md"}
    assert not (house.clone.state / "plans").exists() or not list((house.clone.state / "plans").iterdir())

    # The first release: the project's stacks wait for the platform's, and are planned again after it.
    bundle, first, digest = house.plan("dev", key)
    assert stacks(first) == {f"{dev}-platform": True}
    assert [each["name"] for each in first["waiting"]] == [f"{dev}-churn", f"{dev}-churn-serving"]
    with pytest.raises(BundleRefused, match="was approved"):
        house.apply(bundle, f"sha256:{'0' * 64}", key)
    house.apply(bundle, digest, key)
    with pytest.raises(BundleRefused, match="stale"):
        house.apply(bundle, digest, key)

    bundle, second, digest = house.plan("dev", key)
    assert stacks(second)[f"{dev}-platform"] is False
    assert stacks(second)[f"{dev}-churn"] is True
    house.apply(bundle, digest, key)
    verified = house.run("verify", dev)
    assert verified.status == 0, verified.text
    assert "no version carries 'champion' yet" in verified.text

    the_same_commit_goes_further(house, key)
    a_commit_is_taken_back(house, key)


def the_same_commit_goes_further(house: House, key: Path) -> None:
    for stage in ("staging", "prod"):
        bundle, manifest, digest = house.plan(stage, key, "--only", "platform")
        assert manifest["commit"] == house.first
        house.apply(bundle, digest, key)
    assert {name.replace("-", "_") for name in house.names.values()} <= {c.name for c in house.client.catalogs.list()}


def a_commit_is_taken_back(house: House, key: Path) -> None:
    """A second commit is released, and then the first one again, by a plan of its own."""
    house.settings("staging", tags={"owner": "somebody-else", "cost_center": "1"})
    house.commit("second")
    bundle, manifest, digest = house.plan("staging", key, "--only", "platform")
    assert set(manifest["stacks"][0]["actions"]) == {"update"}
    house.apply(bundle, digest, key)
    house.git("checkout", "-q", house.first)
    with pytest.raises(BundleRefused, match="Check the bundle's commit out"):
        house.apply(bundle, digest, key)
    bundle, manifest, digest = house.plan("staging", key, "--only", "platform")
    assert set(manifest["stacks"][0]["actions"]) == {"update"}
    house.apply(bundle, digest, key)


def read(bundle: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(bundle.iterdir()))


def test_nothing_of_a_bundle_shows_what_the_plan_holds_and_an_altered_one_is_refused(
    house: House, tmp_path: Path
) -> None:
    key = tmp_path / "keys" / "key"
    bundle, manifest, digest = house.plan("dev", key, "--only", "platform")
    sealed = (bundle / "plans.age").read_bytes()

    assert b"age-encryption.org/v1" in sealed
    assert house.workspace.token.encode() not in read(bundle)
    assert not list(house.clone.root.rglob("plan"))  # no saved plan stays behind in plain text

    (bundle / "plans.age").write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(BundleRefused, match="altered"):
        house.apply(bundle, digest, key)
    (bundle / "plans.age").write_bytes(sealed)
    file = bundle / "manifest.json"
    file.write_text(json.dumps(manifest | {"environment": house.names["prod"]}))
    with pytest.raises(BundleRefused, match="altered, or is another"):
        house.apply(bundle, digest, key)
    assert house.names["dev"].replace("-", "_") not in {catalog.name for catalog in house.client.catalogs.list()}
