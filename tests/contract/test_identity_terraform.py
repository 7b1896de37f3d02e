"""Principals as the genuine Terraform provider sees them, signed in with OAuth: applied, changed, destroyed."""

import os
import platform
import re
import shutil
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
def terraform(tmp_path: Path, machine_to_machine: dict[str, str]) -> Terraform:
    """Runs Terraform in a folder that holds `identity_resources.tf`, with the genuine provider from a mirror."""
    genuine = Path(os.environ["BRICKYARD_GENUINE_PROVIDER"]).resolve()
    named = re.search(r"_v(\d+\.\d+\.\d+)$", genuine.name)
    version = named.group(1) if named else "1.99.0"
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = f"{platform.system().lower()}_{architecture}"
    binary = tmp_path / f"mirror/registry.terraform.io/databricks/databricks/{version}/{system}"
    binary.mkdir(parents=True)
    (binary / f"terraform-provider-databricks_v{version}").symlink_to(genuine)
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n'
    )
    shutil.copy(Path(__file__).with_name("identity_resources.tf"), tmp_path / "main.tf")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    environment = {
        **kept,
        **machine_to_machine,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "HOME": str(tmp_path),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    assert run("init").returncode == 0
    return run


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
