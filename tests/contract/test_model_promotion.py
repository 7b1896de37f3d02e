"""Deployment, rollback and copies against a real workspace: real models, a real endpoint, real kills.

Models are logged by the unmodified mlflow client; steps run as processes, as tasks do.
"""

import argparse
import io
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput
from rich.console import Console

from brickyard.clone import Clone
from brickyard.errors import CannotRollBack
from brickyard.screen import Screen
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.pytest_plugin import LocalWorkspace, until

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "/api/2.0/mlflow/unity-catalog"

pytestmark = [pytest.mark.slow]

LOG_MODELS = """
import sys, time
import mlflow, pandas as pd
from mlflow.models import infer_signature

class Adds(mlflow.pyfunc.PythonModel):
    def __init__(self, n): self.n = n
    def load_context(self, context): time.sleep(1.5)  # long enough to be killed meanwhile
    def predict(self, context, model_input, params=None): return (model_input["x"] + self.n).tolist()

frame = pd.DataFrame({"x": [1.0]})
mlflow.set_experiment(sys.argv[2])
for n in (1, 2):
    with mlflow.start_run():
        mlflow.pyfunc.log_model(name="model", python_model=Adds(n), signature=infer_signature(frame, [1.0]),
            registered_model_name=sys.argv[1], pip_requirements=[])
"""
COPY = """
import sys
from brickyard_pipelines.ml.registry import copies
spoilt = "--spoil" in sys.argv
read = copies.files_of
if spoilt:  # what is read back from the copy has another byte than what was copied
    def files_of(model, version):
        found = read(model, version)
        return {**found, "MLmodel": "0" * 64} if model == sys.argv[sys.argv.index("--model") + 1] else found
    copies.files_of = files_of
if "--spoil" in sys.argv: sys.argv.remove("--spoil")
from brickyard_pipelines.ml.steps.copy_model import main
main()
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A model with versions 1 and 2 (both passed, 1 is champion and served), its endpoint, and settings for it."""

    workspace: LocalWorkspace
    root: Path
    environment: str

    @property
    def client(self) -> WorkspaceClient:
        return self.workspace.client()

    @property
    def catalog(self) -> str:
        return self.environment.replace("-", "_")

    @property
    def model(self) -> str:
        return f"{self.catalog}.models.churn"

    @property
    def endpoint(self) -> str:
        return f"{self.environment}-churn"

    def variables(self, workspace: str = "local") -> dict[str, str]:
        path = os.pathsep.join([str(ROOT / "pipelines"), str(ROOT / "projects/flight_delays")])
        where = {**self.workspace.environment(), "DATABRICKS_HOST": self.workspace.hosts[workspace]}
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DATABRICKS_CONFIG_FILE": os.devnull}
        return {"PATH": os.environ["PATH"], "HOME": str(self.root), "PYTHONPATH": path, **where, **quiet}

    def step(self, code: str, *arguments: str, workspace: str = "local") -> "subprocess.Popen[str]":
        own = ("--project", "flight_delays", "--catalog", self.catalog)
        argv = [sys.executable, "-c", code, *own, *arguments]
        return subprocess.Popen(
            argv,
            env=self.variables(workspace),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def deploy(self, version: str) -> "subprocess.Popen[str]":
        named = ("--model", self.model, "--endpoint", self.endpoint, "--model-version", version)
        return self.step("from brickyard_pipelines.ml.steps.deploy import main; main()", *named, "--job-run-id", "17")

    def tag(self, version: str, **tags: str) -> None:
        for key, value in tags.items():
            body = {"name": self.model, "version": version, "key": key, "value": value}
            self.client.api_client.do("POST", f"{REGISTRY}/model-versions/set-tag", body=body)

    def tags(self, model: str, version: str) -> dict[str, str]:
        query = {"name": model, "version": version}
        answer: Any = self.client.api_client.do("GET", f"{REGISTRY}/model-versions/get", query=query)
        return {tag["key"]: tag["value"] for tag in answer["model_version"].get("tags", [])}

    def files(self, version: str) -> dict[str, bytes]:
        """The bytes of a version's files, without mlflow between."""
        entries = self.client.files.list_directory_contents(f"/Models/{version.replace('.', '/')}")
        paths = [str(entry.path) for entry in entries if not entry.is_directory]
        return {path.rpartition("/")[2]: self.client.files.download(path).contents.read() for path in paths}  # type: ignore[union-attr]

    def champion(self) -> str:
        found = self.client.registered_models.get(self.model, include_aliases=True)
        return ",".join(str(alias.version_num) for alias in found.aliases or [] if alias.alias_name == "champion")

    def answers(self) -> Any:
        return self.client.serving_endpoints.query(self.endpoint, dataframe_records=[{"x": 0}]).predictions

    def rollback(self, *flags: str) -> str:
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(["rollback", "--env", self.environment, *flags])
        screen = Screen()
        screen.console = Console(file=io.StringIO(), width=200, highlight=False)
        options.run(options, Clone.find(self.root), screen)
        return str(screen.console.file.getvalue())  # type: ignore[attr-defined]


def settings(workspace: LocalWorkspace, environment: str) -> dict[str, Any]:
    auth = {"type": "profile", "profile": "local", "config_file": str(workspace.home.config_file)}
    return {
        "name": environment,
        "stage": "dev",
        "cloud": "aws",
        "region": "us-east-1",
        "workspace": {"name": "local", "auth": auth},
        "catalog": {"name": environment.replace("-", "_")},
        "groups": {role: {"name": role} for role in ("data_scientists", "ml_engineers", "approvers", "consumers")},
        "service_principals": {role: {"name": role} for role in ("run_as", "plan", "ci")},
        "deployer": "admin@brickyard.local",
        "state": {"backend": "local", "path": ".brickyard/state"},
    }


@pytest.fixture(scope="module")
def deployed(local_workspace: LocalWorkspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    root = tmp_path_factory.mktemp("clone")
    made = Deployed(workspace=local_workspace, root=root, environment=f"dev-{secrets.token_hex(4)}")
    for folder in ("environments", "projects/churn"):
        (root / folder).mkdir(parents=True)
    (root / "cdktf.json").write_text("{}")
    (root / f"environments/{made.environment}.yaml").write_text(
        yaml.safe_dump(settings(local_workspace, made.environment))
    )
    (root / "projects/churn/project.yaml").write_text(yaml.safe_dump({"name": "churn", "title": "Who leaves?"}))
    client = made.client
    client.catalogs.create(made.catalog)
    client.schemas.create("models", made.catalog)
    argv = [sys.executable, "-c", LOG_MODELS, made.model, f"/Shared/{made.catalog}"]
    done = subprocess.run(argv, env=made.variables(), cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for version, against in (("1", "none"), ("2", "1")):
        passed = {"validation_status": "PASSED", "validated_by_job_run": "17", "validation_reason": "good"}
        made.tag(version, **passed, validated_against_champion=against, validated_as=f"{made.model}/{version}")
    entity = ServedEntityInput(
        entity_name=made.model, entity_version="1", workload_size="Small", scale_to_zero_enabled=True
    )
    client.serving_endpoints.create_and_wait(
        made.endpoint, config=EndpointCoreConfigInput(name=made.endpoint, served_entities=[entity])
    )
    output, _ = (first := made.deploy("1")).communicate()
    assert first.returncode == 0, output
    yield made
    client.serving_endpoints.delete(made.endpoint)


def test_a_deployment_that_is_killed_is_ended_by_running_it_again_and_rollback_takes_it_back(
    deployed: Deployed,
) -> None:
    """`kill -9` while the new version starts; the old one answers all the while."""
    assert (deployed.champion(), deployed.answers()) == ("1", [1.0])
    task = deployed.deploy("2")
    serving = deployed.client.serving_endpoints
    until(lambda: serving.get(deployed.endpoint).pending_config or task.poll() is not None)
    assert task.poll() is None, task.communicate()[0]
    task.send_signal(signal.SIGKILL)
    task.communicate()
    assert deployed.champion() == "1"
    assert deployed.answers() in ([1.0], [2.0])

    again = deployed.deploy("2")
    output, _ = again.communicate()
    assert again.returncode == 0, output
    assert (deployed.champion(), deployed.answers()) == ("2", [2.0])
    tags = deployed.tags(deployed.model, "2")
    assert (tags["previous_champion"], tags["promoted_by"]) == ("1", "admin@brickyard.local")

    shown = deployed.rollback("churn", "--reason", "wrong on Mondays")
    assert "champion is version 1, was 2" in shown
    assert (deployed.champion(), deployed.answers()) == ("1", [1.0])
    assert deployed.tags(deployed.model, "2")["rollback_reason"] == "wrong on Mondays"
    refused = deployed.deploy("2")
    assert "taken back by admin@brickyard.local: wrong on Mondays" in refused.communicate()[0]
    assert (refused.returncode, deployed.champion()) == (1, "1")
    with pytest.raises(CannotRollBack, match="Nothing is on record before champion version 1"):
        deployed.rollback("--reason", "again")


def test_a_champion_travels_to_another_workspace_byte_for_byte_and_a_copy_that_differs_stays_failed(
    deployed: Deployed,
) -> None:
    target = f"staging_{secrets.token_hex(4)}"
    deployed.client.catalogs.create(target)
    deployed.client.schemas.create("models", target)
    model = f"{target}.models.churn"
    named = ("--model", model, "--source-model", deployed.model)

    spoilt = deployed.step(COPY, *named, "--spoil", workspace="other")
    output, _ = spoilt.communicate()
    assert (spoilt.returncode, "MLmodel differs" in output) == (1, True), output
    assert deployed.tags(model, "1")["validation_status"] == "FAILED"

    copied = deployed.step(COPY, *named, workspace="other")
    output, _ = copied.communicate()
    assert copied.returncode == 0, output
    source = f"{deployed.model}/{deployed.champion()}"
    tags = deployed.tags(model, "2")
    assert (tags["copied_from"], tags["copied_as"]) == (source, f"{model}/2")
    assert tags["validation_status"] == "PENDING"
    assert len(tags["copied_files_sha256"]) == 64
    assert not {"validated_as", "promoted_by", "validated_by_job_run"} & tags.keys()
    ours, theirs = deployed.files(source), deployed.files(f"{model}/2")
    note = theirs.pop("registered_model_meta")  # mlflow's own, which its copy brings along
    assert deployed.model in note.decode()
    assert ours == theirs
    assert {"MLmodel", "python_model.pkl"} <= ours.keys()

    again = deployed.step(COPY, *named, workspace="other")
    output, _ = again.communicate()
    assert again.returncode == 0, output
    assert "model_version=2" in output, "the copy that is there is taken"
    with pytest.raises(NotFound):
        deployed.tags(model, "3")


def test_approving_takes_the_right_to_tag(deployed: Deployed) -> None:
    admin = deployed.client
    made = admin.service_principals.create(display_name=f"anybody-{secrets.token_hex(4)}")
    other = deployed.workspace.client(token=deployed.workspace.act_as(str(made.application_id)))
    uses = {"changes": [{"principal": made.application_id, "add": ["USE_CATALOG", "USE_SCHEMA", "EXECUTE"]}]}
    admin.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/catalog/{deployed.catalog}", body=uses)
    body = {"name": deployed.model, "version": "2", "key": "approval", "value": "Approved"}
    with pytest.raises(PermissionDenied):
        other.api_client.do("POST", f"{REGISTRY}/model-versions/set-tag", body=body)
    grant = {"changes": [{"principal": made.application_id, "add": ["APPLY_TAG"]}]}
    admin.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/function/{deployed.model}", body=grant)
    other.api_client.do("POST", f"{REGISTRY}/model-versions/set-tag", body=body)
    assert deployed.tags(deployed.model, "2")["approval"] == "Approved"
