"""Jobs with triggers, notebooks and SQL as the genuine Terraform provider sees them: the second plan is empty."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


def mirrored(folder: Path) -> Path:
    """Terraform's configuration for a mirror that holds the genuine provider."""
    genuine = Path(os.environ["BRICKYARD_GENUINE_PROVIDER"]).resolve()
    version = re.search(r"_v(\d+\.\d+\.\d+)$", genuine.name)
    assert version, "the provider's file name ends with _v<version>"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = folder / "mirror/registry.terraform.io/databricks/databricks" / version[1]
    binary /= f"{platform.system().lower()}_{machine}"
    binary.mkdir(parents=True)
    (binary / genuine.name).symlink_to(genuine)
    configuration = folder / "terraform.rc"
    configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{folder / "mirror"}" }}\n}}\n')
    return configuration


def test_jobs_with_every_trigger_are_applied_once_and_destroyed(
    tmp_path: Path, fresh_local_workspace: LocalWorkspace
) -> None:
    shutil.copy(Path(__file__).with_name("jobs_triggers_resources.tf"), tmp_path / "main.tf")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    environment = {
        **kept,
        "TF_CLI_CONFIG_FILE": str(mirrored(tmp_path)),
        "CHECKPOINT_DISABLE": "1",
        "DATABRICKS_HOST": fresh_local_workspace.host,
        "DATABRICKS_TOKEN": fresh_local_workspace.token,
    }
    for arguments in (
        ["init"],
        ["apply", "-auto-approve"],
        ["plan", "-detailed-exitcode"],
        ["destroy", "-auto-approve"],
    ):
        ended = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
    assert list(fresh_local_workspace.client().jobs.list()) == []
