"""The stacks of this clone against a local workspace: applied, unchanged, served once promoted, destroyed.

With the offline provider always, and with the genuine one where BRICKYARD_GENUINE_PROVIDER names its binary.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_stacks.app import build_app
from brickyard_stacks.settings import load_environment, load_project

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("local-platform", "local-flight-delays", "local-flight-delays-serving")
VERSION = "1.99.0"

pytestmark = [pytest.mark.slow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """Synthesised stacks, and Terraform with one of the two providers."""

    out: Path
    variables: dict[str, str]

    def terraform(self, stack: str, *arguments: str) -> int:
        """The exit status; 1 fails the test with what Terraform said."""
        command = ["terraform", f"-chdir={self.out / 'stacks' / stack}", *arguments, "-no-color"]
        done = subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)
        assert done.returncode != 1, done.stdout + done.stderr
        return done.returncode

    def changes(self, stack: str) -> bool:
        return self.terraform(stack, "plan", "-detailed-exitcode") == 2

    def apply(self, stack: str) -> None:
        self.terraform(stack, "apply", "-auto-approve")


@pytest.fixture
def deployment(tmp_path: Path, either_provider: Path, fresh_local_workspace: LocalWorkspace) -> Deployment:
    """A clone in a folder with spaces, whose settings lead to this test's own workspace."""
    clone = tmp_path / "a clone"
    (clone / ".brickyard").mkdir(parents=True)
    (clone / ".brickyard" / "local").symlink_to(fresh_local_workspace.home.root)
    for part in ("pipelines", "projects"):
        (clone / part).symlink_to(ROOT / part)
    environment = load_environment(ROOT / "environments/local.yaml")
    projects = [load_project(ROOT / "projects/flight_delays/project.yaml")]
    build_app(environment, projects, root=clone, outdir=str(clone / "out")).synth()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    variables = {**kept, "TF_CLI_CONFIG_FILE": str(either_provider), "CHECKPOINT_DISABLE": "1"}
    deployed = Deployment(out=clone / "out", variables=variables)
    for stack in STACKS:
        deployed.terraform(stack, "init", "-input=false")
    return deployed


def test_what_is_applied_needs_no_second_apply_and_can_be_destroyed(
    deployment: Deployment, fresh_local_workspace: LocalWorkspace
) -> None:
    for stack in STACKS:
        deployment.apply(stack)
    client = fresh_local_workspace.client()

    assert not [stack for stack in STACKS if deployment.changes(stack)]
    assert {s.name for s in client.schemas.list("local")} >= {"bronze", "models", "inference"}
    jobs = {job.settings.name for job in client.jobs.list() if job.settings}
    assert jobs == {"local-flight-delays", "local-flight-delays-inference"}

    for stack in reversed(STACKS):
        deployment.terraform(stack, "destroy", "-auto-approve")
    assert not list(client.catalogs.list())
    assert not list(client.jobs.list())
    assert not list(client.service_principals.list())


def test_the_endpoint_appears_with_a_champion_and_no_data_takes_it_away(
    deployment: Deployment, fresh_local_workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stack in STACKS:
        deployment.apply(stack)
    client = fresh_local_workspace.client()
    assert not list(client.serving_endpoints.list())

    promote(fresh_local_workspace, monkeypatch)
    deployment.apply("local-flight-delays-serving")
    assert [e.name for e in client.serving_endpoints.list()] == ["local-flight-delays"]
    assert not deployment.changes("local-flight-delays-serving")

    client.registered_models.delete_alias("local.models.flight_delays", "champion")
    shift_traffic(fresh_local_workspace)
    assert not deployment.changes("local-flight-delays-serving")


def promote(workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log a model with the unmodified mlflow client, register it, and make it the champion."""
    import mlflow
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    for name, value in workspace.environment().items():
        monkeypatch.setenv(name, value)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("/Brickyard/local/local-flight-delays")
    assert experiment is not None
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    model = LogisticRegression().fit(rows, [0, 0, 1, 1])
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(rows, model.predict(rows)),
            pip_requirements=[],
            registered_model_name="local.models.flight_delays",
        )
    client.set_registered_model_alias("local.models.flight_delays", "champion", str(logged.registered_model_version))


def shift_traffic(workspace: LocalWorkspace) -> None:
    """What the pipeline's canary does: a second entity, and a share of the traffic."""
    from databricks.sdk.service.serving import Route, ServedEntityInput, TrafficConfig

    entities = [
        ServedEntityInput(
            name=name,
            entity_name="local.models.flight_delays",
            entity_version="1",
            workload_size="Small",
            scale_to_zero_enabled=True,
        )
        for name in ("champion", "canary")
    ]
    routes = [
        Route(served_model_name="champion", traffic_percentage=90),
        Route(served_model_name="canary", traffic_percentage=10),
    ]
    workspace.client().serving_endpoints.update_config_and_wait(
        "local-flight-delays", served_entities=entities, traffic_config=TrafficConfig(routes=routes)
    )
