"""Jobs with triggers, notebooks and SQL as the genuine Terraform provider sees them: the second plan is empty."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


def test_jobs_with_every_trigger_are_applied_once_and_destroyed(
    genuine_terraform: Callable[..., Any], fresh_local_workspace: LocalWorkspace
) -> None:
    access = {"DATABRICKS_HOST": fresh_local_workspace.host, "DATABRICKS_TOKEN": fresh_local_workspace.token}
    terraform = genuine_terraform("jobs_triggers_resources.tf", access)
    for arguments in (["apply", "-auto-approve"], ["plan", "-detailed-exitcode"], ["destroy", "-auto-approve"]):
        ended = terraform(*arguments)
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
    assert list(fresh_local_workspace.client().jobs.list()) == []
