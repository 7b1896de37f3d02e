"""`brickyard after-apply`: a model and its deployment job are connected once, and a difference is seen."""

import argparse
import io
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from brickyard.clone import Clone
from brickyard.errors import AfterApplyFailed
from brickyard.screen import Screen
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.pytest_plugin import LocalWorkspace

GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")


class Deployed:
    """A project's model and its job, as Terraform leaves them: not connected."""

    def __init__(self, workspace: LocalWorkspace, root: Path) -> None:
        self.client = workspace.client()
        self.environment = f"dev-{secrets.token_hex(4)}"
        self.catalog = self.environment.replace("-", "_")
        for folder in ("environments", "projects/churn"):
            (root / folder).mkdir(parents=True)
        (root / "cdktf.json").write_text("{}")
        self.clone = Clone.find(root)
        self._settings(workspace)
        self.project(deployment_job=True)
        self.client.catalogs.create(self.catalog)
        self.client.schemas.create("models", self.catalog)
        self.client.registered_models.create(catalog_name=self.catalog, schema_name="models", name="churn")

    def _settings(self, workspace: LocalWorkspace) -> None:
        auth = {"type": "profile", "profile": "local", "config_file": str(workspace.home.config_file)}
        document = {
            "name": self.environment,
            "stage": "dev",
            "cloud": "aws",
            "region": "us-east-1",
            "workspace": {"name": "local", "auth": auth},
            "catalog": {"name": self.catalog},
            "groups": {role: {"name": role} for role in GROUPS},
            "service_principals": {role: {"name": role} for role in ("run_as", "plan", "ci")},
            "deployer": "admin@brickyard.local",
            "state": {"backend": "local", "path": ".brickyard/state"},
        }
        (self.clone.root / "environments" / f"{self.environment}.yaml").write_text(yaml.safe_dump(document))

    def project(self, *, deployment_job: bool) -> None:
        task = {"key": "evaluate", "notebook": {"path": "evaluate.py"}}
        deployment: dict[str, Any] = {
            "models": {"churn": {"deployment_job": deployment_job}},
            "endpoints": {},
            "jobs": {"deployment": {"tasks": [task]}},
        }
        document = {"name": "churn", "title": "Who leaves?", "deployment": deployment}
        (self.clone.root / "projects/churn/project.yaml").write_text(yaml.safe_dump(document))

    def make_job(self) -> str:
        settings = {
            "name": f"{self.environment}-churn-deployment",
            "max_concurrent_runs": 1,
            "parameters": [{"name": "model_name", "default": ""}, {"name": "model_version", "default": ""}],
            "tasks": [{"task_key": "evaluate", "notebook_task": {"notebook_path": "/Shared/evaluate"}}],
        }
        made: Any = self.client.api_client.do("POST", "/api/2.2/jobs/create", body=settings)
        return str(made["job_id"])

    def run(self, *flags: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(["after-apply", self.environment, *flags])
        screen = Screen()
        screen.console = Console(file=io.StringIO(), width=200, highlight=False)
        return options.run(options, self.clone, screen), screen.console.file.getvalue()  # type: ignore[attr-defined]

    @property
    def connected(self) -> str:
        path = "/api/2.0/mlflow/unity-catalog/registered-models/get"
        answer: Any = self.client.api_client.do("GET", path, query={"name": f"{self.catalog}.models.churn"})
        return str(answer["registered_model"].get("deployment_job_id") or "")


@pytest.fixture
def deployed(local_workspace: LocalWorkspace, tmp_path: Path) -> Deployed:
    return Deployed(local_workspace, tmp_path)


def test_a_model_is_connected_once_and_check_sees_when_somebody_changes_it(deployed: Deployed) -> None:
    job = deployed.make_job()
    assert deployed.run("--check")[0] == 2
    assert deployed.connected == ""

    assert "1 of 1 connections" in deployed.run()[1]
    assert deployed.connected == job
    assert deployed.run("--check")[0] == 0
    assert "0 of 1 connections" in deployed.run()[1]

    body = {"name": f"{deployed.catalog}.models.churn", "deployment_job_id": ""}
    deployed.client.api_client.do("PATCH", "/api/2.0/mlflow/unity-catalog/registered-models/update", body=body)
    status, shown = deployed.run("--check")
    assert status == 2
    assert f"no job, shall be {deployed.environment}-churn-deployment (job {job})" in shown


def test_a_model_that_shall_have_no_job_is_disconnected(deployed: Deployed) -> None:
    deployed.make_job()
    deployed.run()
    deployed.project(deployment_job=False)

    assert deployed.run("--check")[0] == 2
    deployed.run()
    assert deployed.connected == ""


def test_a_job_that_is_not_there_or_twice_is_refused(deployed: Deployed) -> None:
    with pytest.raises(AfterApplyFailed, match=r"There are 0 jobs named '.*-churn-deployment'"):
        deployed.run()
    deployed.make_job()
    deployed.make_job()
    with pytest.raises(AfterApplyFailed, match="There are 2 jobs"):
        deployed.run("--check")
    assert deployed.connected == ""


def test_before_the_first_apply_it_says_what_comes_first(deployed: Deployed) -> None:
    deployed.client.registered_models.delete(f"{deployed.catalog}.models.churn")
    with pytest.raises(AfterApplyFailed, match="apply its project's stack first"):
        deployed.run()
