"""Policies, clusters and secrets as the genuine Terraform provider sees them: applied, changed, destroyed."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

Terraform = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


@pytest.fixture
def terraform(genuine_terraform: Callable[..., Terraform], fresh_local_workspace: LocalWorkspace) -> Terraform:
    access = {"DATABRICKS_HOST": fresh_local_workspace.host, "DATABRICKS_TOKEN": fresh_local_workspace.token}
    return genuine_terraform("compute_resources.tf", access)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """`compute_resources.tf`, with these wheels on the shared cluster."""

    terraform: Terraform

    def expect_no_changes(self, *variables: str) -> None:
        planned = self.terraform("plan", "-detailed-exitcode", *variables)
        assert planned.returncode == 0, planned.stdout + planned.stderr

    def apply(self, *variables: str) -> str:
        """Apply; a second plan must be empty."""
        applied = self.terraform("apply", "-auto-approve", *variables)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        self.expect_no_changes(*variables)
        return applied.stdout


def with_wheels(*paths: str) -> str:
    return f"-var=wheels={json.dumps(paths)}"


def test_a_second_plan_is_empty_after_apply_after_a_kill_and_after_changes(
    terraform: Terraform, fresh_local_workspace: LocalWorkspace, fresh_wheels: Any
) -> None:
    stack, client = Stack(terraform=terraform), fresh_local_workspace.client()
    first, second = (fresh_wheels.upload({name: "x = 1"}, name=name) for name in ("first", "second"))
    stack.apply(with_wheels(first))
    shared = next(cluster for cluster in client.clusters.list() if cluster.cluster_name == "shared")
    outputs = {name: output["value"] for name, output in json.loads(terraform("output", "-json").stdout).items()}
    assert outputs == {"name": "shared", "pinned": [shared.cluster_id], "policy": shared.policy_id}
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    stack.expect_no_changes(with_wheels(first))

    told = stack.apply("-var=workers=2", with_wheels(second))

    assert "1 added, 3 changed, 1 destroyed" in told, told
    edited = client.clusters.get(str(shared.cluster_id))
    assert (edited.num_workers, edited.spark_env_vars) == (2, {"TOKEN": "{{secrets/team/token}}", "WORKERS": "2"})
    statuses = client.libraries.cluster_status(str(shared.cluster_id))
    assert [status.library.whl for status in statuses if status.library] == [second]
    assert base64.b64decode(client.secrets.get_secret("team", "token").value or "") == b"workers-2"
    stack.apply("-var=workers=2", with_wheels())

    destroyed = terraform("destroy", "-auto-approve")

    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    left = [*client.clusters.list(), *client.cluster_policies.list(), *client.secrets.list_scopes()]
    assert left == []
