"""Monitors as the genuine Terraform provider sees them: it waits until they are active, changes and destroys them."""

import os
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
def terraform(genuine_terraform: Callable[..., Terraform], fresh_local_workspace: LocalWorkspace) -> Terraform:
    access = {"DATABRICKS_HOST": fresh_local_workspace.host, "DATABRICKS_TOKEN": fresh_local_workspace.token}
    return genuine_terraform("monitors_resources.tf", access, timeout_s=500)


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
