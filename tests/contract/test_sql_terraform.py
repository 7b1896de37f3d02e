"""Warehouses, queries and alerts as the genuine Terraform provider sees them: applied, changed, destroyed."""

import os
import subprocess
from collections.abc import Callable

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
    return genuine_terraform("sql_resources.tf", access)


def test_a_second_plan_is_empty_after_apply_and_after_changes(
    terraform: Terraform, fresh_local_workspace: LocalWorkspace
) -> None:
    changed = ("-var=size=Small", "-var=text=SELECT 4 AS n")
    for variables in ((), changed):
        applied = terraform("apply", "-auto-approve", *variables)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert "same = true" in applied.stdout
        planned = terraform("plan", "-detailed-exitcode", *variables)
        assert planned.returncode == 0, planned.stdout + planned.stderr

    client = fresh_local_workspace.client()
    assert [each.cluster_size for each in client.warehouses.list()] == ["Small"]
    assert [each.query_text for each in client.queries.list()] == ["SELECT 4 AS n"]
    assert [each.query_text for each in client.alerts_v2.list_alerts()] == ["SELECT 4 AS n"]

    destroyed = terraform("destroy", "-auto-approve", *changed)
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert not list(client.warehouses.list())
    assert not list(client.queries.list())
    assert not list(client.alerts_v2.list_alerts())
