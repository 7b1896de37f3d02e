"""Unity Catalog as the genuine Terraform provider sees it: applied, unchanged, also after `kill -9`, destroyed."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from databricks.sdk.errors import PermissionDenied

from brickyard_local.pytest_plugin import LocalWorkspace

VERSION = "1.99.0"
Terraform = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


@pytest.fixture
def terraform(tmp_path: Path, fresh_local_workspace: LocalWorkspace) -> Terraform:
    """Runs Terraform in a folder that holds `catalog_resources.tf`, with the genuine provider from a mirror."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = f"{platform.system().lower()}_{machine}"
    binary = tmp_path / f"mirror/registry.terraform.io/databricks/databricks/{VERSION}/{system}"
    binary.mkdir(parents=True)
    genuine = Path(os.environ["BRICKYARD_GENUINE_PROVIDER"]).resolve()
    (binary / f"terraform-provider-databricks_v{VERSION}").symlink_to(genuine)
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n'
    )
    shutil.copy(Path(__file__).with_name("catalog_resources.tf"), tmp_path / "main.tf")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    environment = {
        **kept,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "DATABRICKS_HOST": fresh_local_workspace.host,
        "DATABRICKS_TOKEN": fresh_local_workspace.token,
        "TF_VAR_other": str(fresh_local_workspace.client(workspace="other").get_workspace_id()),
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
