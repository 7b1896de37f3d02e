"""Principals as the genuine Terraform provider sees them, signed in with OAuth: applied, changed, destroyed."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

Terraform = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


@pytest.fixture
def machine_to_machine(fresh_local_workspace: LocalWorkspace) -> dict[str, str]:
    """The deployer is a service principal with a secret, and an administrator."""
    client = fresh_local_workspace.client()
    deployer = client.service_principals.create(display_name="deployer")
    admins = next(iter(client.groups.list(filter='displayName eq "admins"')))
    body = {"Operations": [{"op": "add", "path": "members", "value": [{"value": deployer.id}]}]}
    client.api_client.do("PATCH", f"/api/2.0/preview/scim/v2/Groups/{admins.id}", body=body)
    secret = client.service_principal_secrets_proxy.create(str(deployer.id)).secret
    return {
        "DATABRICKS_HOST": fresh_local_workspace.host,
        "DATABRICKS_CLIENT_ID": str(deployer.application_id),
        "DATABRICKS_CLIENT_SECRET": str(secret),
        "TF_VAR_account_id": str(client.config.account_id),
    }


@pytest.fixture
def terraform(
    tmp_path: Path, genuine_terraform: Callable[..., Terraform], machine_to_machine: dict[str, str]
) -> Terraform:
    return genuine_terraform("identity_resources.tf", {**machine_to_machine, "HOME": str(tmp_path)})


def test_principals_and_their_rights_apply_stay_change_and_go(
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
    assert changed.returncode == 0, changed.stdout + changed.stderr
    expect_no_changes("-var", "comment=second")
    destroyed = terraform("destroy", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    client = fresh_local_workspace.client()
    assert {group.display_name for group in client.groups.list()} == {"admins", "users"}
