"""Warehouses, queries and alerts as the genuine Terraform provider sees them: applied, changed, destroyed."""

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
def terraform(tmp_path: Path, fresh_local_workspace: LocalWorkspace) -> Terraform:
    """Runs Terraform in a folder that holds `sql_resources.tf`, with the genuine provider from a mirror."""
    genuine = Path(os.environ["BRICKYARD_GENUINE_PROVIDER"]).resolve()
    named = re.search(r"_v(\d+\.\d+\.\d+)$", genuine.name)
    version = named[1] if named else "1.99.0"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = tmp_path / f"mirror/registry.terraform.io/databricks/databricks/{version}"
    binary /= f"{platform.system().lower()}_{machine}"
    binary.mkdir(parents=True)
    (binary / f"terraform-provider-databricks_v{version}").symlink_to(genuine)
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n'
    )
    shutil.copy(Path(__file__).with_name("sql_resources.tf"), tmp_path / "main.tf")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    environment = {
        **kept,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "DATABRICKS_HOST": fresh_local_workspace.host,
        "DATABRICKS_TOKEN": fresh_local_workspace.token,
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

    initialized = run("init")
    assert initialized.returncode == 0, initialized.stdout + initialized.stderr
    return run


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
