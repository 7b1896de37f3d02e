"""Plans made by real Terraform: a state is applied, then a change to it is planned and never applied."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from brickyard_local.provider.install import install
from brickyard_local.pytest_plugin import local_cache

PLANS = Path(__file__).parent / "plans"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A folder in which Terraform runs."""

    folder: Path
    cli_config: Path

    def use(self, *files: str) -> None:
        """Let these files of `plans/` be the whole configuration."""
        for old in self.folder.glob("*.tf"):
            old.unlink()
        for name in files:
            shutil.copy(PLANS / name, self.folder / name)

    def run(self, *arguments: str, **variables: str) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        named = {f"TF_VAR_{name}": value for name, value in variables.items()}
        extra = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": str(self.cli_config)}
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env={**kept, **extra, **named},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self, **variables: str) -> None:
        self.run("init", "-input=false", "-no-color", **variables)
        self.run("apply", "-auto-approve", "-input=false", "-no-color", **variables)

    def plan(self, *options: str, **variables: str) -> Path:
        """The path of the plan's JSON."""
        self.run("plan", "-out=plan.bin", "-input=false", "-no-color", *options, **variables)
        path = self.folder / "plan.json"
        path.write_text(self.run("show", "-json", "plan.bin", **variables))
        return path


@pytest.fixture(scope="session")
def make_stack(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Stack]:
    root = tmp_path_factory.mktemp("review")
    cli_config = install(root / "terraform", local_cache())

    def make() -> Stack:
        return Stack(folder=tmp_path_factory.mktemp("stack"), cli_config=cli_config)

    return make
