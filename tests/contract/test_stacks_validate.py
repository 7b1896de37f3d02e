"""The synthesised stacks against the genuine provider's schemas.

BRICKYARD_GENUINE_PROVIDER names the provider's binary, version 1.99.0 (docs/adr/0002-stacks-and-state.md).
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brickyard_stacks.app import build_app
from brickyard_stacks.settings import Project, load_environment, load_project
from brickyard_stacks.settings.compute import OnlineStore

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.99.0"

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.skipif(
        "BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="BRICKYARD_GENUINE_PROVIDER names no binary"
    ),
]


@pytest.fixture(scope="module")
def terraform(genuine_mirror: Callable[..., Path]) -> dict[str, str]:
    """Terraform's variables: the genuine provider from a mirror of this test's own, and no registry."""
    return {**os.environ, "TF_CLI_CONFIG_FILE": str(genuine_mirror(VERSION)), "CHECKPOINT_DISABLE": "1"}


@pytest.fixture(scope="module", params=["packed", "online"])
def stacks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stacks of `local` with the projects of this clone, as they are and with the flights' planes in a store."""
    out = tmp_path_factory.mktemp("synthesised")
    environment = load_environment(ROOT / "environments/local.yaml")
    projects = [load_project(path) for path in sorted((ROOT / "projects").glob("*/project.yaml"))]
    if request.param == "online":
        stores = {"features": OnlineStore(ownership="create", nodes=2, readable_secondaries=True)}
        compute = environment.compute.model_copy(update={"online_stores": stores})
        environment = environment.model_copy(update={"compute": compute})
        projects = [with_store(project, "features") for project in projects]
    build_app(environment, projects, root=ROOT, outdir=str(out)).synth()
    return out / "stacks"


def with_store(project: Project, store: str) -> Project:
    """The project, whose jobs publish to a store."""
    deployment = project.deployment.model_copy(update={"online_store": store})
    return project.model_copy(update={"deployment": deployment})


@pytest.mark.parametrize("stack", ["local-platform", "local-flight-delays", "local-flight-delays-serving"])
def test_the_genuine_provider_finds_a_stack_valid(stacks: Path, terraform: dict[str, str], stack: str) -> None:
    def run(*arguments: str) -> str:
        command = ["terraform", f"-chdir={stacks / stack}", *arguments]
        return subprocess.run(command, env=terraform, check=False, capture_output=True, text=True).stdout

    run("init", "-backend=false", "-input=false")
    answer: dict[str, Any] = json.loads(run("validate", "-json"))

    assert answer["diagnostics"] == []
    assert answer["valid"]
