"""A whole release through three environments: what was reviewed is applied, and nothing else.

Real Terraform and the offline provider; who plans has a token that may only read, and the key that opens the plans is
not in the clone.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard.errors import BundleRefused
from house import House
from issue_servers import Issues
from platforms import TOKEN, served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]  # two minutes of processor, one after the other

LOG_MODEL = """
import mlflow, pandas, sys

class Adds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["x"] + 1).tolist()

frame = pandas.DataFrame({"x": [1.0]})
mlflow.set_experiment("/Shared/models")
with mlflow.start_run():
    logged = mlflow.pyfunc.log_model(name="model", python_model=Adds(), input_example=frame,
        registered_model_name=sys.argv[1], pip_requirements=[])
mlflow.MlflowClient().set_registered_model_alias(sys.argv[1], "champion", logged.registered_model_version)
"""


def stacks(manifest: dict[str, Any]) -> dict[str, bool]:
    return {stack["name"]: stack["changes"] for stack in manifest["stacks"]}


def test_what_was_reviewed_is_applied_in_three_environments_and_nothing_else(house: House, tmp_path: Path) -> None:
    dev, key = house.names["dev"], tmp_path / "keys" / "key"

    # A pull request: plan and review of the target, by who only reads, and nothing is kept.
    preview = house.run("plan", dev, "--preview", "--out", str(tmp_path / "preview"), BRICKYARD_SIGN_IN="plan")
    assert preview.status == 2, preview.text  # what it would create may take access from somebody: a person looks
    assert {file.name for file in (tmp_path / "preview").iterdir()} == {"review.json", "review.html", "review.md"}
    assert not (house.clone.state / "plans").exists() or not list((house.clone.state / "plans").iterdir())

    # The first release: the project's stacks wait for the platform's, and are planned again after it.
    bundle, first, digest = house.plan("dev", key)
    assert stacks(first) == {f"{dev}-platform": True}
    assert [each["name"] for each in first["waiting"]] == [f"{dev}-churn", f"{dev}-churn-serving"]
    nothing_shows_and_an_altered_one_is_refused(house, key, bundle, digest)
    house.apply(bundle, digest, key)
    with pytest.raises(BundleRefused, match="stale"):
        house.apply(bundle, digest, key)

    bundle, second, digest = house.plan("dev", key)
    assert stacks(second)[f"{dev}-platform"] is False
    assert stacks(second)[f"{dev}-churn"] is True
    house.apply(bundle, digest, key)

    the_same_commit_goes_further(house, key)
    a_commit_is_taken_back(house, key)
    an_endpoint_comes_by_a_plan_of_its_own(house, key)
    what_leaves_the_code_is_one_issue(house)
    an_environment_goes_by_a_plan_and_a_word_of_its_own(house, key)


def the_same_commit_goes_further(house: House, key: Path) -> None:
    for stage in ("staging", "prod"):
        bundle, manifest, digest = house.plan(stage, key, "--only", "platform")
        assert manifest["commit"] == house.first
        house.apply(bundle, digest, key)
    assert {name.replace("-", "_") for name in house.names.values()} <= {c.name for c in house.client.catalogs.list()}


def a_commit_is_taken_back(house: House, key: Path) -> None:
    """A second commit is released, and then the first one again, by a plan of its own."""
    house.settings("staging", tags={"owner": "somebody-else", "cost_center": "1"})
    house.commit("second")
    bundle, manifest, digest = house.plan("staging", key, "--only", "platform")
    assert set(manifest["stacks"][0]["actions"]) == {"update"}
    house.apply(bundle, digest, key)
    house.git("checkout", "-q", house.first)
    with pytest.raises(BundleRefused, match="Check the bundle's commit out"):
        house.apply(bundle, digest, key)
    bundle, manifest, digest = house.plan("staging", key, "--only", "platform")
    assert set(manifest["stacks"][0]["actions"]) == {"update"}
    house.apply(bundle, digest, key)


def an_endpoint_comes_by_a_plan_of_its_own(house: House, key: Path) -> None:
    """Training leaves a champion; the endpoint is a change like any other: planned, reviewed, approved, applied."""
    dev = house.names["dev"]
    argv = [sys.executable, "-c", LOG_MODEL, f"{dev.replace('-', '_')}.models.churn"]
    variables = {**os.environ, **house.workspace.environment(), "MLFLOW_DISABLE_TELEMETRY": "true"}
    subprocess.run(argv, env=variables, check=True, capture_output=True)
    bundle, manifest, digest = house.plan("dev", key, "--only", "projects")
    assert stacks(manifest) == {f"{dev}-churn": False, f"{dev}-churn-serving": True}
    assert manifest["stacks"][1]["actions"] == {"create": 2}  # the endpoint, and who may ask it
    house.apply(bundle, digest, key)
    verified = house.run("verify", dev, "--only", "projects", "--complete")
    assert verified.status == 0, verified.text
    assert "with the example of the champion" in verified.text


def what_leaves_the_code_is_one_issue(house: House) -> None:
    """Found by who only reads: opened, and closed when reality is back."""
    dev, github = house.names["dev"], Issues()
    schema = f"{dev.replace('-', '_')}.models"
    deployed = house.client.schemas.get(schema).comment

    def look(run: int) -> int:
        variables = {"API_URL": github.url, "SERVER_URL": "https://github.com", "REPOSITORY": "acme/kit"}
        variables |= {"RUN_ID": str(run), "SHA": house.first, "TOKEN": TOKEN}
        given = {f"GITHUB_{name}": value for name, value in variables.items()}
        return house.run(
            "drift", dev, "--only", "platform", "--post", "github", BRICKYARD_SIGN_IN="plan", **given
        ).status

    with served(github):
        house.client.schemas.update(schema, comment="by hand: hunter2")
        assert look(1) == 2
        (issue,) = github.ours
        assert github.is_open(issue)
        assert "differs: `comment`" in issue["body"]
        assert "1 `databricks_volume`" in issue["body"]  # its files are not for who only reads
        assert "hunter2" not in issue["body"]
        house.client.schemas.update(schema, comment=deployed)
        assert look(2) == 0
    assert [github.is_open(issue) for issue in github.ours] == [False]


def an_environment_goes_by_a_plan_and_a_word_of_its_own(house: House, key: Path) -> None:
    """Nobody's approval to deploy is one to destroy."""
    bundle, manifest, digest = house.plan("dev", key, "--destroy")
    assert manifest["destroy"]
    assert manifest["review"]["verdict"] == "dangerous"
    with pytest.raises(BundleRefused, match="apply it with --destroy"):
        house.apply(bundle, digest, key)
    house.apply(bundle, digest, key, "--destroy")
    there = {catalog.name for catalog in house.client.catalogs.list()}
    assert {house.names[stage].replace("-", "_") in there for stage in ("staging", "prod")} == {True}
    assert house.names["dev"].replace("-", "_") not in there


def nothing_shows_and_an_altered_one_is_refused(house: House, key: Path, bundle: Path, digest: str) -> None:
    """A bundle that is not applied yet, and is left as it was."""
    files = {file: file.read_bytes() for file in sorted(bundle.iterdir())}
    sealed, manifest = bundle / "plans.age", bundle / "manifest.json"
    assert b"age-encryption.org/v1" in files[sealed]
    assert house.workspace.token.encode() not in b"".join(files.values())
    assert not list(house.clone.root.rglob("plan"))  # no saved plan stays behind in plain text

    other = json.dumps(json.loads(files[manifest]) | {"environment": house.names["prod"]}).encode()
    for file, content in ((sealed, files[sealed][:-1] + bytes([files[sealed][-1] ^ 1])), (manifest, other)):
        file.write_bytes(content)
        with pytest.raises(BundleRefused, match="altered"):
            house.apply(bundle, digest, key)
        file.write_bytes(files[file])
    with pytest.raises(BundleRefused, match="was approved"):
        house.apply(bundle, f"sha256:{'0' * 64}", key)
    assert house.names["dev"].replace("-", "_") not in {catalog.name for catalog in house.client.catalogs.list()}
