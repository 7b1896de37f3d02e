"""Monitors as the genuine Terraform provider sees them: it waits until they are active, changes and destroys them."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from deltalake import write_deltalake

from brickyard_local.pytest_plugin import LocalWorkspace

Terraform = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


@pytest.fixture
def terraform(tmp_path: Path, fresh_local_workspace: LocalWorkspace) -> Terraform:
    """Runs Terraform in a folder that holds `monitors_resources.tf`, with the genuine provider from a mirror."""
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
    shutil.copy(Path(__file__).with_name("monitors_resources.tf"), tmp_path / "main.tf")
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
            timeout=500,
        )

    initialized = run("init")
    assert initialized.returncode == 0, initialized.stdout + initialized.stderr
    return run


def make_table(client: WorkspaceClient) -> None:
    client.catalogs.create("watched")
    client.schemas.create("s", "watched")
    body = {"catalog_name": "watched", "schema_name": "s", "name": "t"}
    staged: Any = client.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    rows = pa.table({"at": pa.array([datetime.now(UTC)]), "n": pa.array([1.5]), "who": pa.array(["a"])})
    write_deltalake(str(Path(unquote(urlparse(location).path))), rows)
    body |= {"table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)


def test_a_second_plan_is_empty_after_apply_and_after_changes(
    terraform: Terraform, fresh_local_workspace: LocalWorkspace
) -> None:
    client = fresh_local_workspace.client()
    make_table(client)
    changed = ('-var=granularities=["1 day","1 week"]', "-var=cron=0 0 6 * * ?")
    for variables in ((), changed):
        applied = terraform("apply", "-auto-approve", *variables)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert 'status = "MONITOR_STATUS_ACTIVE"' in applied.stdout
        planned = terraform("plan", "-detailed-exitcode", *variables)
        assert planned.returncode == 0, planned.stdout + planned.stderr

    found = client.quality_monitors.get("watched.s.t")
    assert found.monitor_version == 1
    assert found.time_series
    assert found.time_series.granularities == ["1 day", "1 week"]
    assert client.tables.exists(str(found.profile_metrics_table_name)).table_exists

    destroyed = terraform("destroy", "-auto-approve", *changed)
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    with pytest.raises(NotFound):
        client.quality_monitors.get("watched.s.t")
    assert client.tables.exists(str(found.drift_metrics_table_name)).table_exists
