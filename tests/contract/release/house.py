"""A clone with three environments over one local workspace, used as people and pipelines use it."""

import argparse
import contextlib
import io
import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from brickyard.bundle.sealing import KEY, new_key
from brickyard.clone import Clone
from brickyard.screen import Screen
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.account import ADMIN
from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).resolve().parents[3]

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

    def apply(self, bundle: Path, digest: str, key: Path, *more: str) -> Ran:
        """As who may write, with the key that a vault would give."""
        return self.run("apply", str(bundle), "--approved", digest, *more, **{KEY: key.read_text()})
