"""A model promoted by jobs: judged and deployed in one workspace, copied up, judged and deployed in another.

The jobs are made of the deployed wheels. The one that copies runs as a principal with the rights that the stacks give.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.jobs import Run

from brickyard_local.pytest_plugin import LocalWorkspace, until
from brickyard_stacks.artifacts import build_wheel
from brickyard_stacks.permissions import catalog_privileges, copier_privileges, schema_privileges

ROOT = Path(__file__).resolve().parents[2]
UNITY = "/api/2.1/unity-catalog"
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "churned"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["churned"]
"""
PROJECT = """
name: churned
workflow:
  reported: {thresholds: {accuracy: {min: 0.9}}}
"""
TRAIN = """
import sys
import mlflow, pandas as pd
from mlflow.models import infer_signature

class Adds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None): return (model_input["x"] + 1).tolist()

frame = pd.DataFrame({"x": [1.0]})
mlflow.set_experiment(sys.argv[2])
with mlflow.start_run():
    mlflow.log_metric("accuracy", 0.95)
    mlflow.pyfunc.log_model(name="model", python_model=Adds(), signature=infer_signature(frame, [1.0]),
        registered_model_name=sys.argv[1], pip_requirements=[])
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A catalog, the workspace that its jobs run in, and wheels for them."""

    client: WorkspaceClient
    catalog: str
    wheels: tuple[str, ...]

    @property
    def model(self) -> str:
        return f"{self.catalog}.models.churned"

    def task(self, key: str, after: str = "", *more: str, version: str = "") -> dict[str, Any]:
        own = ("--project", "churned", "--catalog", self.catalog, "--model", self.model, "--endpoint", self.catalog)
        given = [*own, "--job-run-id", "{{job.run_id}}", *more, *(("--model-version", version) if version else ())]
        wheel = {"package_name": "brickyard_pipelines", "entry_point": key, "parameters": given}
        depends = {"depends_on": [{"task_key": after}]} if after else {}
        return {"task_key": key, "environment_key": "default", "python_wheel_task": wheel, **depends}

    def ended(self, run_id: int, *, repair: int = 0) -> Run:
        """The run when it has ended, after so many repairs."""
        run: Run = until(lambda: self._over(run_id, repair), timeout_s=300)
        return run

    def _over(self, run_id: int, repair: int) -> Run | None:
        run = self.client.jobs.get_run(run_id, include_history=True)
        is_over = run.status is not None and run.status.state is not None and run.status.state.value == "TERMINATED"
        return run if is_over and len(run.repair_history or []) >= repair else None

    def said(self, run: Run) -> str:
        outputs = [self.client.jobs.get_run_output(task.run_id or 0) for task in run.tasks or []]
        return "\n".join(f"{output.error}\n{output.logs}" for output in outputs)

    def tags(self, version: str) -> dict[str, str]:
        query = {"name": self.model, "version": version}
        answer: Any = self.client.api_client.do("GET", "/api/2.0/mlflow/unity-catalog/model-versions/get", query=query)
        return {tag["key"]: tag["value"] for tag in answer["model_version"]["tags"]}

    def champion(self) -> str | None:
        try:
            return str(self.client.model_versions.get_by_alias(self.model, "champion").version)
        except NotFound:
            return None

    def grant(self, principal: str, kind: str, name: str, privileges: tuple[str, ...]) -> None:
        body = {"changes": [{"principal": principal, "add": list(privileges)}]}
        self.client.api_client.do("PATCH", f"{UNITY}/permissions/{kind}/{name}", body=body)


@pytest.fixture
def stages(local_workspace: LocalWorkspace, tmp_path: Path) -> Iterator[tuple[Stage, Stage]]:
    """Dev in one workspace, where only it is seen; staging in the other; both with the wheels of the same code."""
    folder = tmp_path / "churned"
    (folder / "churned").mkdir(parents=True)
    (folder / "churned/__init__.py").touch()
    (folder / "churned/project.yaml").write_text(PROJECT)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    built = [build_wheel(each, tmp_path / "cache").path for each in (ROOT / "pipelines", folder)]
    made = []
    for name, workspace in (("dev", "local"), ("staging", "other")):
        client, catalog = local_workspace.client(workspace=workspace), f"{name}_{secrets.token_hex(4)}"
        client.catalogs.create(catalog)
        client.api_client.do("PATCH", f"{UNITY}/catalogs/{catalog}", body={"isolation_mode": "ISOLATED"})
        client.schemas.create("models", catalog)
        client.volumes.create(catalog, "models", "artifacts", VolumeType.MANAGED)
        paths = tuple(f"/Volumes/{catalog}/models/artifacts/{path.name}" for path in built)
        for path, source in zip(paths, built, strict=True):
            client.files.upload(path, source.open("rb"))
        made.append(Stage(client=client, catalog=catalog, wheels=paths))
    yield made[0], made[1]
    for stage in made:
        stage.client.catalogs.delete(stage.catalog, force=True)


def train(dev: Stage, workspace: LocalWorkspace, folder: Path) -> None:
    """Log and register version 1, as a team's own training does."""
    variables = os.environ | workspace.environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    argv = [sys.executable, "-c", TRAIN, dev.model, f"/Shared/{dev.catalog}"]
    trained = subprocess.run(argv, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr


def may_work(staging: Stage, robot: Any) -> None:
    """What the stacks of staging give the principal of its jobs, at home."""
    found = next(iter(staging.client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"')))
    assigned = f"/api/2.0/preview/permissionassignments/principals/{found.id}"
    staging.client.api_client.do("PUT", assigned, body={"permissions": ["USER"]})
    staging.grant(robot.application_id, "catalog", staging.catalog, catalog_privileges("staging")["run_as"])
    models = (*schema_privileges("models")["run_as"], "READ_VOLUME")
    staging.grant(robot.application_id, "schema", f"{staging.catalog}.models", models)


def may_copy(dev: Stage, staging: Stage, robot: Any) -> None:
    """What the stacks of dev give it there: its workspace sees the catalog, and it reads the model."""
    binding = {"workspace_id": staging.client.get_workspace_id(), "binding_type": "BINDING_TYPE_READ_ONLY"}
    dev.client.api_client.do("PATCH", f"{UNITY}/bindings/catalog/{dev.catalog}", body={"add": [binding]})
    for kind, name in (("catalog", dev.catalog), ("schema", f"{dev.catalog}.models"), ("model", dev.model)):
        given = copier_privileges(kind)["run_as"]
        dev.grant(robot.application_id, "function" if kind == "model" else kind, name, given)


def test_what_passed_in_dev_is_copied_up_judged_and_champion_in_staging_by_the_rights_that_the_stacks_give(
    stages: tuple[Stage, Stage], local_workspace: LocalWorkspace, tmp_path: Path, job_builder: Any, new_robot: Any
) -> None:
    (dev, staging), robot = stages, new_robot()
    train(dev, local_workspace, tmp_path)
    tasks = [dev.task("validate_reported", version="1"), dev.task("deploy", "validate_reported", version="1")]
    job = job_builder.create(dev.client, tasks, *dev.wheels)
    run = dev.ended(dev.client.jobs.run_now(job).run_id)
    assert dev.champion() == "1", dev.said(run)

    may_work(staging, robot)
    copied = "{{tasks.copy_model.values.model_version}}"
    tasks = [
        staging.task("copy_model", "", "--source-model", dev.model),
        staging.task("validate_reported", "copy_model", version=copied),
        staging.task("deploy", "validate_reported", version=copied),
    ]
    runs_as = {"run_as": {"service_principal_name": robot.application_id}}
    job = job_builder.create(staging.client, tasks, *staging.wheels, **runs_as)
    run = staging.ended(staging.client.jobs.run_now(job).run_id)
    assert "catalog must be bound to this workspace, and this job's principal needs USE_CATALOG" in staging.said(run)

    may_copy(dev, staging, robot)
    run_id = run.run_id or 0
    staging.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True, rerun_dependent_tasks=True)
    run = staging.ended(run_id, repair=2)  # the first entry is the run itself
    assert staging.champion() == "1", staging.said(run)
    tags, source = staging.tags("1"), dev.tags("1")
    assert (tags["copied_from"], tags["validated_as"]) == (f"{dev.model}/1", f"{staging.model}/1")
    assert tags["reported_metrics"] == source["reported_metrics"] == '{"accuracy": 0.95}'
    assert tags["promoted_by"] == robot.application_id
    assert source["promoted_by"] == "admin@brickyard.local"
