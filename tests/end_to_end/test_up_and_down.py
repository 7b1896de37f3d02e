"""The whole way a user goes, in a clone of its own: up, ask, up again, kill -9, up, down, nothing left."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400), pytest.mark.xdist_group("end_to_end")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """A clone of this repository's HEAD and working tree in a folder with spaces in its name."""

    root: Path

    def make(self, *arguments: str, check: bool = True) -> str:
        return self.run(f"make {shlex.join(arguments)}", check=check)

    def run(self, command: str, *, check: bool = True) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIPENV", "VIRTUAL"))}
        environment["PATH"] = f"{self.root}/.brickyard/tools/bin:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, said
        return said

    def status(self) -> dict[str, Any]:
        said = self.run("pipenv run brickyard status --json", check=False)
        facts: dict[str, Any] = json.loads(said[said.index("{") : said.rindex("}") + 1])
        return facts

    def processes(self) -> list[psutil.Process]:
        """Every process that was started from this clone."""
        return [process for process in psutil.process_iter() if str(self.root) in _command_of(process)]


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    root = tmp_path_factory.mktemp("end to end") / "brick yard"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(root)], check=True)
    clone = Clone(root=root)
    yield clone
    clone.run("make down || pipenv run brickyard down --force", check=False)


@pytest.fixture(scope="module")
def first_up(clone: Clone) -> str:
    return clone.make("up")


def test_the_pasted_line_answers_with_the_models_own_prediction(clone: Clone, first_up: str) -> None:
    line = next(line.strip() for line in first_up.splitlines() if line.strip().startswith("curl "))
    answered = json.loads(clone.run(line))["predictions"]
    assert answered == _own_predictions(clone)
    assert all(0 <= probability <= 1 for probability in answered)


def test_no_token_is_on_the_screen_or_in_a_plan(clone: Clone, first_up: str) -> None:
    token = Path(clone.status()["workspace"]["token_file"]).read_text().strip()
    assert token not in first_up
    for folder in (
        "cdktf.out",
        ".brickyard/state",
        ".brickyard/logs",
        ".brickyard/local/logs",
        ".brickyard/local/runs",
    ):
        for file in (clone.root / folder).rglob("*"):
            assert not file.is_file() or token.encode() not in file.read_bytes(), file


def test_up_again_changes_nothing_and_runs_nothing(clone: Clone, first_up: str) -> None:
    before = clone.status()
    said = clone.make("up")
    assert "succeeded before with these settings" in said
    assert set(re.findall(r"Resources: (.*?)\.", said)) <= {"0 added, 0 changed, 0 destroyed"}
    assert clone.status() == before
    del first_up


def test_the_alerts_are_deployed_and_their_queries_answer(clone: Clone, first_up: str) -> None:
    """Evaluated now, as a job's SQL task would; by themselves they are paused outside of prod."""
    program = """
import json
from databricks.sdk import WorkspaceClient
client = WorkspaceClient()
alerts = client.alerts_v2.list_alerts()
told = {a.display_name: client.api_client.do("POST", f"/api/local/alerts/{a.id}/evaluate")["state"] for a in alerts}
print("ALERTS", json.dumps(told))
"""
    told = json.loads(_said_by(clone, program).split("ALERTS", 1)[1].splitlines()[0])
    assert set(told) == {"local-flight-delays-model-error", "local-flight-delays-prediction-drift"}
    assert set(told.values()) <= {"OK", "TRIGGERED"}, told
    del first_up


def test_a_step_runs_in_a_shell_with_the_arguments_of_its_task(clone: Clone, first_up: str) -> None:
    said = clone.run("pipenv run brickyard step batch_inference --project flight_delays")
    assert "batch_inference --project flight_delays --catalog local" in said
    assert "batch_inference: done in" in said
    del first_up


def test_cdktf_works_typed_by_hand(clone: Clone, first_up: str) -> None:
    for stack in clone.status()["stacks"]:
        said = clone.run(f"BRICKYARD_ENV=local pipenv run cdktf diff {stack}")
        assert "No changes" in said, said
    del first_up


def test_cdktf_without_an_environment_says_which_there_are(clone: Clone, first_up: str) -> None:
    said = clone.run("unset BRICKYARD_ENV; pipenv run cdktf diff local-platform", check=False)
    assert "Name the environment" in said
    assert "local" in said
    del first_up


def test_killed_in_the_middle_it_goes_on_with_everything_it_had(clone: Clone, first_up: str) -> None:
    before = clone.status()
    psutil.Process(before["workspace"]["pid"]).kill()
    said = clone.run("pipenv run brickyard status", check=False)
    assert "brickyard start" in said
    said = clone.make("up")
    assert "succeeded before with these settings" in said
    after = clone.status()
    assert after["stacks"] == before["stacks"]
    assert after["projects"] == before["projects"]
    assert after["workspace"]["host"] == before["workspace"]["host"]
    del first_up


def test_two_at_once_are_refused_by_name(clone: Clone, first_up: str) -> None:
    said = clone.run("pipenv run brickyard up & sleep 2; pipenv run brickyard up; wait", check=False)
    assert "is under way in this clone" in said
    del first_up


def test_down_leaves_nothing_behind(clone: Clone, first_up: str) -> None:
    """Last in this file: it takes away what the others look at."""
    said = clone.make("down")
    assert re.search(r"Destroy complete! Resources: [1-9]\d* destroyed", said)
    assert not (clone.root / ".brickyard/local").exists()
    assert not (clone.root / ".brickyard/state").exists()
    assert clone.processes() == []
    assert clone.run("git status --porcelain") == ""
    del first_up


def _own_predictions(clone: Clone) -> Any:
    """What the champion itself predicts for the request, by the unmodified mlflow client."""
    program = """
import json, sys
import mlflow
from mlflow.pyfunc.scoring_server import infer_and_parse_data, CONTENT_TYPE_JSON
model = mlflow.pyfunc.load_model("models:/local.models.flight_delays@champion")
request = json.load(open(".brickyard/local/request.json"))
key = next(k for k in ("dataframe_split", "dataframe_records", "inputs", "instances") if k in request)
data = infer_and_parse_data(request, model.metadata.get_input_schema())
print("PREDICTED", json.dumps([float(p) for p in model.predict(data)]))
"""
    return json.loads(_said_by(clone, program).split("PREDICTED", 1)[1].splitlines()[0])


def _said_by(clone: Clone, program: str) -> str:
    """What a program says that uses the unmodified clients."""
    (clone.root / ".brickyard" / "ask.py").write_text(program)
    facts = clone.status()["workspace"]
    variables = f"DATABRICKS_CONFIG_FILE='{facts['config_file']}' DATABRICKS_CONFIG_PROFILE=local"
    uris = "MLFLOW_TRACKING_URI=databricks MLFLOW_REGISTRY_URI=databricks-uc"
    return clone.run(f"{variables} {uris} pipenv run python .brickyard/ask.py")
