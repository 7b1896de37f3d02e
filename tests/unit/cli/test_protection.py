"""Where data is protected, cdktf's Terraform plans first and deletes nothing that holds data."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard.clone import Clone
from brickyard.protection import OVERRIDE, deletions, protect

ROOT = Path(__file__).resolve().parents[3]
# Stands for Terraform: writes down how it was called, and shows the plan that the test laid beside it.
FAKE = """#!/bin/sh
cd "$(dirname "$0")"
echo "$@" >> calls
case "$*" in
  *show*) cat shown.json;;
  *plan*) if [ -f fails ]; then echo "no provider" >&2; exit 1; fi;;
esac
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


def change(address: str, *actions: str) -> dict[str, Any]:
    kind = address.partition(".")[0]
    return {"address": address, "type": kind, "mode": "managed", "change": {"actions": list(actions)}}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    return Clone(root=tmp_path)


@pytest.fixture
def run(clone: Clone, tmp_path: Path) -> Run:
    """What cdktf starts as Terraform, of the environment prod, over a plan; returns what it said."""
    fake = tmp_path / "fake" / "terraform"
    fake.parent.mkdir()
    fake.write_text(FAKE)
    fake.chmod(0o700)

    def go(
        *arguments: str, changes: list[dict[str, Any]], allowed: str = "", fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        (fake.parent / "shown.json").write_text(json.dumps({"resource_changes": changes}))
        (fake.parent / "calls").write_text("")
        if fails:
            (fake.parent / "fails").touch()
        variables = protect(clone, "prod", "deploy", {"TERRAFORM_BINARY_NAME": str(fake)})
        script = variables["TERRAFORM_BINARY_NAME"]
        environment = {**os.environ, **variables, OVERRIDE: allowed}
        done = subprocess.run([script, *arguments], env=environment, check=False, capture_output=True, text=True)
        done.stdout = (fake.parent / "calls").read_text()
        return done

    return go


VOLUME = "databricks_volume.landing_1234"


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
@pytest.mark.parametrize("verb", ["apply", "destroy"])
def test_what_holds_data_and_left_the_settings_is_not_deleted(run: Run, verb: str, actions: tuple[str, ...]) -> None:
    done = run(verb, "-auto-approve", "-input=false", changes=[change(VOLUME, *actions)])

    assert done.returncode == 1
    assert VOLUME in done.stderr
    assert f"{OVERRIDE}='{VOLUME}'" in done.stderr
    assert not [call for call in done.stdout.splitlines() if call.startswith(verb)]


def test_only_what_is_named_may_go(run: Run) -> None:
    both = [change(VOLUME, "delete"), change("databricks_schema.gold", "delete")]

    refused = run("apply", changes=both, allowed=VOLUME)
    allowed = run("apply", changes=both, allowed=f"{VOLUME}, databricks_schema.gold")

    assert "databricks_schema.gold" in refused.stderr
    assert VOLUME not in refused.stderr
    assert allowed.returncode == 0
    assert allowed.stdout.splitlines()[-1] == "apply"


def test_everything_else_is_terraforms_own(run: Run) -> None:
    changes = [change(VOLUME, "update"), change("databricks_job.j", "delete"), change("databricks_catalog.c", "create")]

    done = run("apply", "-auto-approve", "-parallelism=4", "-var=a=b", changes=changes)

    planned, _, applied = done.stdout.splitlines()
    assert planned.startswith("plan -parallelism=4 -var=a=b -input=false -lock=false -out=")
    assert applied == "apply -auto-approve -parallelism=4 -var=a=b"
    assert run("plan", changes=[change(VOLUME, "delete")]).stdout == "plan\n"


def test_a_plan_that_is_given_is_the_one_that_is_read(run: Run) -> None:
    done = run("apply", "-input=false", "saved.plan", changes=[])

    assert done.stdout.splitlines() == ["show -json saved.plan", "apply -input=false saved.plan"]


def test_a_plan_that_cannot_be_made_lets_nothing_through(run: Run) -> None:
    done = run("apply", changes=[], fails=True)

    assert done.returncode == 1
    assert "no provider" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_a_sandbox_a_look_and_an_environment_without_protection_have_terraform_itself(clone: Clone) -> None:
    dev = yaml.safe_load((clone.root / "environments/dev.yaml").read_text())

    assert protect(clone, "prod", "diff", {}) == {}
    assert protect(clone, "prod", "deploy", {"BRICKYARD_SANDBOX": "ada"}) == {}
    assert not dev.get("deletion_protection")
    assert protect(clone, "dev", "deploy", {}) == {}
    script = Path(protect(clone, "staging", "apply", {})["TERRAFORM_BINARY_NAME"])
    assert sys.executable in script.read_text()


def test_the_kinds_are_those_that_the_constructs_protect() -> None:
    plan = {"resource_changes": [change("databricks_registered_model.m", "delete"), change("random_id.r", "delete")]}

    assert deletions(plan) == ["databricks_registered_model.m"]
