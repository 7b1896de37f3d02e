"""Unity Catalog as the genuine Terraform provider sees it: applied, unchanged, also after `kill -9`, destroyed."""

import os
import subprocess
from collections.abc import Callable

import pytest
from databricks.sdk.errors import PermissionDenied

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
    other = fresh_local_workspace.client(workspace="other").get_workspace_id()
    return genuine_terraform("catalog_resources.tf", {**access, "TF_VAR_other": str(other)})


def test_a_second_plan_is_empty_after_apply_after_a_kill_and_after_a_change(
    terraform: Terraform, fresh_local_workspace: LocalWorkspace
) -> None:
    def expect_no_changes(*more: str) -> None:
        planned = terraform("plan", "-detailed-exitcode", *more)
        assert planned.returncode == 0, planned.stdout + planned.stderr

    applied = terraform("apply", "-auto-approve")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    expect_no_changes()
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    expect_no_changes()
    changed = terraform("apply", "-auto-approve", "-var", "comment=second")
    assert "7 changed, 0 destroyed" in changed.stdout, changed.stdout + changed.stderr
    expect_no_changes("-var", "comment=second")
    other = fresh_local_workspace.client(workspace="other")
    assert other.schemas.get("dev.ml").comment == "second"
    with pytest.raises(PermissionDenied, match="read-only"):
        other.schemas.update("dev.ml", comment="third")
    destroyed = terraform("destroy", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert list(fresh_local_workspace.client().catalogs.list()) == []
