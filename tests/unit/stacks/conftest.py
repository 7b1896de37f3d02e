"""One synthesis of a small clone, shared by the tests that read its stacks."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_stacks.app import synthesise as synthesise_app
from brickyard_stacks.deployment import Sandbox
from brickyard_stacks.settings import load_environment, load_project

ROOT = Path(__file__).resolve().parents[3]
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.2.3"
[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""

Stacks = dict[str, dict[str, Any]]
Synthesise = Callable[..., Stacks]


def write_package(folder: Path, package: str) -> Path:
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(f'"""{package}."""\n')
    (folder / "pyproject.toml").write_text(PYPROJECT.format(name=package.replace("_", "-"), package=package))
    return folder


@pytest.fixture(scope="session")
def package() -> Callable[[Path, str], Path]:
    """Writes a package that a wheel can be built of."""
    return write_package


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Settings (changes to local.yaml and to project.yaml) in, stacks by name out, as the guards let them through."""

    def run(
        environment: dict[str, Any] | None = None,
        project: dict[str, Any] | None = None,
        *,
        sandbox: Sandbox | None = None,
        guard: str = "",
    ) -> Stacks:
        root = tmp_path_factory.mktemp("clone")
        write_package(root / "pipelines", "brickyard_pipelines")
        write_package(root / "projects" / "flight_delays", "flight_delays")
        settings = yaml.safe_load((ROOT / "environments/local.yaml").read_text()) | (environment or {})
        file = root / f"{settings['name']}.yaml"
        file.write_text(yaml.safe_dump({k: v for k, v in settings.items() if v is not None}))
        project_file = root / "projects/flight_delays/project.yaml"
        project_file.write_text(yaml.safe_dump({"name": "flight_delays", "title": "Late?"} | (project or {})))
        out = root / "out"
        if guard:
            (root / "guards").mkdir()
            (root / "guards" / "ours.py").write_text(guard)
        settled, projects = load_environment(file), [load_project(project_file)]
        synthesise_app(settled, projects, root=root, outdir=str(out), sandbox=sandbox)
        stacks = {p.parent.name: json.loads(p.read_text()) for p in (out / "stacks").glob("*/cdk.tf.json")}
        stacks["manifest"] = json.loads((out / "manifest.json").read_text())
        shutil.rmtree(out)
        return stacks

    return run


PROD: dict[str, Any] = {
    "name": "prod-azure-weu",
    "stage": "prod",
    "cloud": "azure",
    "region": "westeurope",
    "workspace": {
        "name": "prod",
        "auth": {"type": "azure-devops-oidc", "host": "https://adb-1.2.azuredatabricks.net", "client_id": "app"},
    },
    "catalog": {"name": "prod", "bindings": [{"workspace_id": 42}]},
    "groups": {role: {"name": role} for role in ("data_scientists", "ml_engineers", "approvers", "consumers")},
    "service_principals": {
        "run_as": {"name": "prod-run-as", "application_id": "11111111-2222-3333-4444-555566667777"},
        "plan": {"name": "prod-plan"},
        "ci": {"name": "prod-ci"},
    },
    "deployer": "99999999-2222-3333-4444-555566667777",
    "state": {
        "backend": "azurerm",
        "storage_account_name": "acmestate",
        "container_name": "tfstate",
        "key_prefix": "brickyard/prod",
    },
}


@pytest.fixture(scope="session")
def prod_settings() -> dict[str, Any]:
    """The settings of a production environment on Azure."""
    return PROD


@pytest.fixture(scope="session")
def local(synthesise: Synthesise) -> Stacks:
    """The stacks of the environment that this repository ships."""
    return synthesise()


@pytest.fixture(scope="session")
def prod(synthesise: Synthesise) -> Stacks:
    """The stacks of a production environment on Azure."""
    return synthesise(PROD, {"deployment": {"job": {"schedule": {"quartz_cron": "0 0 6 * * ?"}}}})
