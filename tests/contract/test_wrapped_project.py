"""The example that wraps a team's own training script: deployed by Terraform, run as a job, its version champion."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run, RunResultState

from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache, until
from brickyard_stacks.app import build_app
from brickyard_stacks.settings import load_environment, load_project

ROOT = Path(__file__).resolve().parents[2]
MODEL = "local.models.tumours"


def terraform(stack: Path, variables: dict[str, str], *arguments: str) -> None:
    command = ["terraform", f"-chdir={stack}", *arguments, "-no-color"]
    done = subprocess.run(command, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def deploy(workspace: LocalWorkspace, clone: Path) -> None:
    """The platform and the project, by the offline provider."""
    (clone / ".brickyard").mkdir(parents=True)
    (clone / ".brickyard" / "local").symlink_to(workspace.home.root)
    (clone / "pipelines").symlink_to(ROOT / "pipelines")
    shutil.copytree(ROOT / "projects/examples/tumours", clone / "projects/tumours")
    environment = load_environment(ROOT / "environments/local.yaml")
    projects = [load_project(clone / "projects/tumours/project.yaml")]
    build_app(environment, projects, root=clone, outdir=str(clone / "out")).synth()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    provider = clone.parent / "provider"
    variables = {**kept, "TF_CLI_CONFIG_FILE": str(install.install(provider, local_cache()))}
    for name in ("local-platform", "local-tumours"):
        stack = clone / "out" / "stacks" / name
        terraform(stack, variables | {"CHECKPOINT_DISABLE": "1"}, "init", "-input=false")
        terraform(stack, variables | {"CHECKPOINT_DISABLE": "1"}, "apply", "-auto-approve")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_script_written_without_us_in_mind_is_trained_checked_judged_and_deployed(
    fresh_local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    deploy(fresh_local_workspace, tmp_path / "clone")
    client = fresh_local_workspace.client()
    (job,) = client.jobs.list(name="local-tumours")

    run_id = client.jobs.run_now(job.job_id or 0).run_id
    run = until(lambda: ended(client, run_id), timeout_s=1500)

    assert run.state.result_state is RunResultState.SUCCESS, outputs(client, run)
    assert {task.task_key for task in run.tasks or []} == {"train", "check_train", "validate", "deploy"}
    (version,) = client.model_versions.list(MODEL)
    champion = client.model_versions.get_by_alias(MODEL, "champion")
    assert champion.version == version.version == 1
    tags = {tag["key"]: tag["value"] for tag in _tags(fresh_local_workspace)}
    assert tags["trained_by_job_run"] == tags["validated_by_job_run"] == str(run.run_id)
    assert tags["validation_reason"].startswith("as its own training reported: test_accuracy 0.9")


def ended(client: WorkspaceClient, run_id: int) -> Any:
    run = client.jobs.get_run(run_id)
    return run if run.state and run.state.result_state else None


def outputs(client: WorkspaceClient, run: Run) -> str:
    """What the tasks that did not succeed had to say."""
    failed = [task for task in run.tasks or [] if task.state and task.state.result_state is RunResultState.FAILED]
    found = [client.jobs.get_run_output(task.run_id or 0) for task in failed]
    return "\n".join(f"{output.error}\n{output.logs}" for output in found)


def _tags(workspace: LocalWorkspace) -> list[dict[str, str]]:
    answer = workspace.client().api_client.do(
        "GET", "/api/2.0/mlflow/unity-catalog/model-versions/get", query={"name": MODEL, "version": "1"}
    )
    found: list[dict[str, str]] = answer["model_version"]["tags"]
    return found
