"""Fine-tuning as it is deployed: Terraform makes job and endpoint, the Jobs API runs it, a client is answered.

Everything is the kit's own: the project's stack, the wheel, volumes as folders of the task, a Delta table as data, base
weights that are brought from a volume. The model is a tiny Llama.
"""

import io
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run, RunResultState

from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache, until
from brickyard_stacks.app import build_app
from brickyard_stacks.settings import load_environment, load_project
from tiny_models import tiny_llama

pytestmark = [
    pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch"),
    pytest.mark.slow,
    pytest.mark.timeout(1200),
]
ROOT = Path(__file__).parents[3]
LANDING = "/Volumes/local/bronze/landing"
WORK = f"{LANDING}/riddles/finetuning"
MODEL = "local.models.riddles"
BRING = '''
"""Rows to learn from, as a table of two versions."""
def bring(work):
    from brickyard_pipelines.ml.data.spark import session
    spark = session()
    if spark.catalog.tableExists("local.bronze.riddles"):
        return
    rows = [(f"Who is number {at}?", f"It is {at}.") for at in range(12)]
    spark.createDataFrame(rows, "prompt string, response string").write.saveAsTable("local.bronze.riddles")
    more = [("Who came later?", "Nobody should know.")]
    spark.createDataFrame(more, "prompt string, response string").write.insertInto("local.bronze.riddles")
'''
PLAN = {
    "name": "riddles",
    "use_case": "riddles are answered",
    "approach": "supervised",
    "accepted_licences": ["mit"],
    "base_models": [
        {"name": "tiny", "path": "models/tiny", "licence": "mit", "source": {"volume": f"{LANDING}/weights/tiny"}}
    ],
    "data": {
        "train": [{"table": "local.bronze.riddles", "version": 0}],
        "split": {"test": 0.3},
        "context_length": 64,
        "near_duplicates": {"remove": False},
        "limits": {"min_rows": 1, "leaked": 1.0},
    },
    "training": {"precision": "fp32", "duration": "4ba", "batch_size": 4, "checkpoint_every": 2, "method": "lora"},
    "evaluation": {"max_new_tokens": 8, "memorisation_rows": 2, "batch_size": 8},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A clone whose stacks Terraform applies to a workspace."""

    clone: Path
    workspace: LocalWorkspace
    variables: Mapping[str, str]

    def apply(self, stack: str) -> None:
        folder = self.clone / "out" / "stacks" / stack
        self.terraform(folder, "init", "-input=false")
        self.terraform(folder, "apply", "-auto-approve")

    def is_settled(self, stack: str) -> bool:
        folder = self.clone / "out" / "stacks" / stack
        return "No changes" in self.terraform(folder, "plan", "-input=false")

    def terraform(self, folder: Path, *arguments: str) -> str:
        command = ["terraform", f"-chdir={folder}", *arguments, "-no-color"]
        done = subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def deployed(workspace: LocalWorkspace, clone: Path) -> Deployed:
    """The stacks of a project that is the example's with other names, a smaller plan and a table."""
    (clone / ".brickyard").mkdir(parents=True)
    (clone / ".brickyard" / "local").symlink_to(workspace.home.root)
    (clone / "pipelines").symlink_to(ROOT / "pipelines")
    project = write_project(clone / "projects" / "riddles")
    environment = load_environment(ROOT / "environments/local.yaml")
    build_app(environment, [load_project(project)], root=clone, outdir=str(clone / "out")).synth()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    provider = str(install.install(clone.parent / "provider", local_cache()))
    variables = {**kept, "TF_CLI_CONFIG_FILE": provider, "CHECKPOINT_DISABLE": "1"}
    return Deployed(clone=clone, workspace=workspace, variables=variables)


def write_project(folder: Path) -> Path:
    example = ROOT / "projects" / "examples" / "trivia"
    (folder / "riddles").mkdir(parents=True)
    for name in ("project.yaml", "pyproject.toml"):
        (folder / name).write_text((example / name).read_text().replace("trivia", "riddles"))
    (folder / "general.jsonl").write_text("")
    (folder / "criteria.yaml").write_text("criteria:\n  - {name: brief, metric: words, threshold: 40}\n")
    (folder / "plan.yaml").write_text(json.dumps(PLAN))
    (folder / "riddles" / "__init__.py").write_text('"""Riddles."""\n')
    (folder / "riddles" / "bring.py").write_text(BRING)
    return folder / "project.yaml"


def test_a_deployed_job_ends_with_a_gated_version_and_its_endpoint_answers_and_records(
    fresh_local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    client, stacks = fresh_local_workspace.client(), deployed(fresh_local_workspace, tmp_path / "clone")
    stacks.apply("local-platform")
    stacks.apply("local-riddles")
    for file in tiny_llama(tmp_path / "tiny", context=128).iterdir():
        client.files.upload(f"{LANDING}/weights/tiny/{file.name}", io.BytesIO(file.read_bytes()))
    (job,) = client.jobs.list(name="local-riddles")
    run = ended(client, client.jobs.run_now(job.job_id or 0).run_id)
    assert run.state is not None
    assert run.state.result_state is RunResultState.SUCCESS, outputs(client, run)
    check_what_is_left(client, fresh_local_workspace, run)

    stacks.apply("local-riddles-serving")
    assert stacks.is_settled("local-riddles-serving")
    answer = chat(fresh_local_workspace, "local-riddles")
    assert answer["choices"][0]["message"]["role"] == "assistant", answer
    assert answer["usage"]["completion_tokens"] > 0
    (row,) = until(lambda: payloads(client, "local.payloads.local_riddles_payload"))
    assert json.loads(row["request"])["messages"][0]["content"] == "Who is number 3?"
    assert json.loads(row["response"]) == answer


def check_what_is_left(client: WorkspaceClient, workspace: LocalWorkspace, run: Run) -> None:
    """A champion with its origin, and the outputs in the volume."""
    champion = client.model_versions.get_by_alias(MODEL, "champion")
    assert champion.version == 1
    path, query = "/api/2.0/mlflow/unity-catalog/model-versions/get", {"name": MODEL, "version": "1"}
    found: Any = workspace.client().api_client.do("GET", path, query=query)
    tags = {tag["key"]: tag["value"] for tag in found["model_version"]["tags"]}
    assert (tags["validation_status"], tags["validated_by_job_run"]) == ("PASSED", str(run.run_id))
    manifest = document(client, f"{only_folder(client, f'{WORK}/data')}/manifest.json")
    assert manifest["tables"] == ["local.bronze.riddles@0"]
    assert sum(split["read"] for split in manifest["splits"].values()) == 12
    assert tags["data_version"] == manifest["version"]
    brought = document(client, f"{WORK}/models/tiny/.brought.json")
    assert "model.safetensors" in brought["files"]
    trained = only_folder(client, f"{WORK}/runs")
    names = {entry.name for entry in client.files.list_directory_contents(trained)}
    assert {"adapter", "merged", "training.json", "curve.jsonl"} <= names


def only_folder(client: WorkspaceClient, path: str) -> str:
    (found,) = (entry for entry in client.files.list_directory_contents(path) if entry.is_directory)
    return str(found.path)


def document(client: WorkspaceClient, path: str) -> Any:
    content = client.files.download(path).contents
    assert content is not None
    return json.loads(content.read())


def ended(client: WorkspaceClient, run_id: int) -> Run:
    def look() -> Run | None:
        run = client.jobs.get_run(run_id)
        return run if run.state and run.state.result_state else None

    found: Run = until(look, timeout_s=900)
    return found


def outputs(client: WorkspaceClient, run: Run) -> str:
    failed = [task for task in run.tasks or [] if task.state and task.state.result_state is RunResultState.FAILED]
    found = [client.jobs.get_run_output(task.run_id or 0) for task in failed]
    return "\n".join(f"{output.error}\n{output.error_trace}\n{output.logs}" for output in found)


def chat(workspace: LocalWorkspace, endpoint: str) -> Any:
    body = {"model": endpoint, "max_tokens": 8, "messages": [{"role": "user", "content": "Who is number 3?"}]}
    headers = {"Authorization": f"Bearer {workspace.token}"}
    url = f"{workspace.host}/serving-endpoints/chat/completions"
    return httpx.post(url, json=body, headers=headers, timeout=290, trust_env=False).json()


def payloads(client: WorkspaceClient, table: str) -> list[dict[str, Any]]:
    from deltalake import DeltaTable

    location = client.tables.get(table).storage_location or ""
    found: list[dict[str, Any]] = DeltaTable(unquote(urlparse(location).path)).to_pyarrow_table().to_pylist()
    return found
