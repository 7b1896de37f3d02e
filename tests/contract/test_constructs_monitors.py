"""The second phase: monitors and alerts come with what they look at, and go with it.

With the genuine provider where BRICKYARD_GENUINE_PROVIDER names it, and with the offline one.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pytest
from cdktf import TerraformOutput, TerraformStack
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from deltalake import write_deltalake

from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron
from brickyard_constructs.monitoring import (
    CustomMetric,
    DriftMetric,
    QualityMonitor,
    QualityMonitorProps,
    SqlAlert,
    SqlAlertProps,
    TimeSeries,
)
from brickyard_local.pytest_plugin import LocalWorkspace

PROVIDERS = [
    "offline",
    pytest.param(
        "genuine",
        marks=[
            pytest.mark.genuine,
            pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
        ],
    ),
]
PAUSED = Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True)
DRIFTS = DriftMetric(
    metrics_table="watched.metrics.t_drift_metrics", column="n", metric="ks_test.statistic", granularity="1 day"
)

pytestmark = [pytest.mark.slow]


def build(stack: TerraformStack, *, warehouse_id: str, run_as: str) -> None:
    """A monitor of a table, and an alert over its drift."""
    total = CustomMetric(name="total", type="aggregate", definition="sum({{input_column}})", input_columns=("n",))
    series = TimeSeries(timestamp_column="at", granularities=("1 day",))
    monitor = QualityMonitorProps(
        table="watched.s.t",
        output_schema="watched.metrics",
        assets_dir="/Users/robot/monitors",
        profile=series,
        slices=("who",),
        custom_metrics=(total,),
    )
    looked = QualityMonitor(stack, "monitor", monitor)
    reads = Permission(level="CAN_READ", service_principal=run_as)
    alert = SqlAlertProps(
        name="drift",
        query=DRIFTS,
        warehouse_id=warehouse_id,
        operator="GREATER_THAN",
        threshold=0.2,
        schedule=PAUSED,
        permissions=(reads,),
        tell=("team@acme.example",),
    )
    SqlAlert(stack, "alert", alert)
    TerraformOutput(stack, "monitor-status", value=looked.status)


def make_schemas(client: WorkspaceClient, run_as: str) -> None:
    client.catalogs.create("watched")
    for schema in ("s", "metrics"):
        client.schemas.create(schema, "watched")
    changes = [{"principal": run_as, "add": ["USE_CATALOG", "USE_SCHEMA", "SELECT"]}]
    client.api_client.do("PATCH", "/api/2.1/unity-catalog/permissions/catalog/watched", body={"changes": changes})


def make_table(client: WorkspaceClient) -> None:
    """Two days of other values each, so that the second drifts from the first."""
    body = {"catalog_name": "watched", "schema_name": "s", "name": "t"}
    staged: Any = client.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    now = datetime.now(UTC)
    rows = pa.table(
        {
            "at": pa.array([now - timedelta(days=1)] * 20 + [now] * 20),
            "n": pa.array([float(n) for n in range(20)] + [1000.0 + n for n in range(20)]),
            "who": pa.array(["a", "b"] * 20),
        }
    )
    write_deltalake(str(Path(unquote(urlparse(location).path))), rows)
    body |= {"table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_watches_a_table_comes_after_it_and_goes_with_it(
    provider: str, construct_stack: Callable[[str], Any], fresh_local_workspace: LocalWorkspace
) -> None:
    client = fresh_local_workspace.client()
    run_as = str(client.service_principals.create(display_name="robot").application_id)
    make_schemas(client, run_as)
    warehouse: Any = client.api_client.do(
        "POST", "/api/2.0/sql/warehouses", body={"name": "w", "cluster_size": "Small"}
    )
    stack = construct_stack(provider)
    stack.synth(lambda made: build(made, warehouse_id=warehouse["id"], run_as=run_as))
    stack.terraform("init", "-input=false")

    assert "No monitor of watched.s.t yet" in stack.apply()

    make_table(client)
    stack.terraform("apply", "-auto-approve")
    assert client.quality_monitors.get("watched.s.t").status
    printed = stack.apply()
    assert "watched.s.t is monitored." in printed
    assert [alert.display_name for alert in client.alerts_v2.list_alerts()] == ["drift"]

    client.tables.delete("watched.s.t")
    assert "No monitor of watched.s.t yet" in stack.apply()
    with pytest.raises(NotFound):
        client.quality_monitors.get("watched.s.t")

    stack.terraform("destroy", "-auto-approve")
    assert not list(client.alerts_v2.list_alerts())
