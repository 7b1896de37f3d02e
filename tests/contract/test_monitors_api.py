"""Definitions of monitors by databricks-sdk, in both APIs: who may, what is refused, what is kept. No metrics yet."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.catalog import (
    MonitorCronSchedule,
    MonitorCronSchedulePauseStatus,
    MonitorDataClassificationConfig,
    MonitorInferenceLog,
    MonitorInferenceLogProblemType,
    MonitorInfo,
    MonitorInfoStatus,
    MonitorMetric,
    MonitorMetricType,
    MonitorSnapshot,
    MonitorTimeSeries,
    PermissionsChange,
    Privilege,
)
from databricks.sdk.service.dataquality import (
    AggregationGranularity,
    CronSchedule,
    DataProfilingConfig,
    DataProfilingStatus,
    Monitor,
    RefreshState,
    SnapshotConfig,
    TimeSeriesConfig,
)
from deltalake import write_deltalake

from brickyard_local.pytest_plugin import LocalWorkspace

ASSETS = "/Workspace/Shared/monitors"
Create = Callable[..., MonitorInfo]


def make_table(client: WorkspaceClient, full_name: str, columns: dict[str, Any]) -> None:
    catalog, schema, name = full_name.split(".")
    body = {"catalog_name": catalog, "schema_name": schema, "name": name}
    staged: Any = client.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    write_deltalake(str(Path(unquote(urlparse(location).path))), pa.table(columns))
    body |= {"table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)


@pytest.fixture
def client(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client()


@pytest.fixture
def table(client: WorkspaceClient) -> Iterator[str]:
    catalog = f"watch_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    columns = {"at": pa.array([datetime.now(UTC)]), "n": pa.array([1.5]), "who": pa.array(["a"]), "v": pa.array(["1"])}
    make_table(client, f"{catalog}.s.t", columns)
    yield f"{catalog}.s.t"
    client.catalogs.delete(catalog, force=True)


@pytest.fixture
def create(client: WorkspaceClient, table: str) -> Iterator[Create]:
    """Creates a monitor of the table; its refresh is given up at the end of the test."""

    def create(as_client: WorkspaceClient = client, **definition: Any) -> MonitorInfo:
        definition = {"output_schema_name": table.rpartition(".")[0], "assets_dir": ASSETS, **definition}
        return as_client.quality_monitors.create(table, **definition)

    yield create
    with contextlib.suppress(NotFound):
        client.quality_monitors.delete(table)


def test_a_monitor_is_what_was_asked_for_and_pending_until_its_metrics_are_written(
    client: WorkspaceClient, table: str, create: Create
) -> None:
    windows = MonitorTimeSeries(timestamp_col="at", granularities=["1 day", "2 weeks"])
    schedule = MonitorCronSchedule(quartz_cron_expression="0 0 12 * * ?", timezone_id="Europe/Berlin")

    made = create(time_series=windows, schedule=schedule, slicing_exprs=["who", "n > 1"])

    assert made.status is MonitorInfoStatus.MONITOR_STATUS_PENDING
    found = client.quality_monitors.get(table)
    assert found.time_series == windows
    assert found.schedule
    assert found.schedule.pause_status is MonitorCronSchedulePauseStatus.UNPAUSED
    assert (found.assets_dir, found.slicing_exprs, found.monitor_version) == (ASSETS, ["who", "n > 1"], 0)
    assert found.profile_metrics_table_name == f"{table}_profile_metrics"
    assert found.drift_metrics_table_name == f"{table}_drift_metrics"
    assert len(client.quality_monitors.list_refreshes(table).refreshes or []) == 1
    with pytest.raises(DatabricksError, match="has a monitor already"):
        create(snapshot=MonitorSnapshot())

    schema = table.rpartition(".")[0]
    updated = client.quality_monitors.update(table, output_schema_name=schema, snapshot=MonitorSnapshot())

    assert (updated.monitor_version, updated.assets_dir) == (1, ASSETS)
    assert updated.snapshot is not None
    assert (updated.time_series, updated.schedule, updated.slicing_exprs) == (None, None, None)
    client.quality_monitors.delete(table)
    with pytest.raises(NotFound):
        client.quality_monitors.get(table)


METRIC = MonitorMetric(
    name="total",
    type=MonitorMetricType.CUSTOM_METRIC_TYPE_AGGREGATE,
    input_columns=["n"],
    definition="sum({{input_column}})",
    output_data_type="double",
).as_dict()


def log(**changes: Any) -> MonitorInferenceLog:
    fields: dict[str, Any] = {
        "problem_type": MonitorInferenceLogProblemType.PROBLEM_TYPE_REGRESSION,
        "timestamp_col": "at",
        "granularities": ["1 day"],
        "prediction_col": "n",
        "model_id_col": "v",
    }
    return MonitorInferenceLog(**fields | changes)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({}, "exactly one of snapshot, time_series, inference_log; got none"),
        ({"snapshot": MonitorSnapshot(), "inference_log": log()}, "got snapshot and inference_log"),
        ({"time_series": MonitorTimeSeries("when", ["1 day"])}, "'when' is no column of the table; these are: at, n"),
        ({"time_series": MonitorTimeSeries("n", ["1 day"])}, "must be a timestamp or date"),
        ({"time_series": MonitorTimeSeries("at", ["2 days"])}, "granularities is"),
        ({"time_series": MonitorTimeSeries("at", ["1 day", "1 day"])}, "without repetition"),
        ({"inference_log": log(prediction_col="who")}, "a regression's is a number"),
        ({"inference_log": log(prediction_proba_col="n")}, "does not emulate inference_log.prediction_proba_col"),
        ({"snapshot": MonitorSnapshot(), "baseline_table_name": "{other}"}, "n: string instead of double"),
        ({"snapshot": MonitorSnapshot(), "assets_dir": "monitors"}, "absolute path"),
        ({"snapshot": MonitorSnapshot(), "schedule": MonitorCronSchedule("0 0 * *", "UTC")}, "has 4 fields"),
        (
            {
                "snapshot": MonitorSnapshot(),
                "data_classification_config": MonitorDataClassificationConfig(enabled=True),
            },
            "does not emulate data classification",
        ),
        (
            {"snapshot": MonitorSnapshot(), "custom_metrics": [MonitorMetric.from_dict(METRIC | {"name": "a b"})]},
            "must be a word",
        ),
        (
            {
                "snapshot": MonitorSnapshot(),
                "custom_metrics": [MonitorMetric.from_dict(METRIC | {"input_columns": ["x"]})],
            },
            "'x' is no column",
        ),
        (
            {
                "snapshot": MonitorSnapshot(),
                "custom_metrics": [MonitorMetric.from_dict(METRIC | {"output_data_type": "array<int>"})],
            },
            "does not emulate output_data_type",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused_and_nothing_is_kept(
    client: WorkspaceClient, table: str, create: Create, definition: dict[str, Any], message: str
) -> None:
    if definition.get("baseline_table_name"):
        other = f"{table}_other"
        make_table(client, other, {"n": pa.array(["x"])})
        definition = {**definition, "baseline_table_name": other}
    with pytest.raises(DatabricksError, match=message):
        create(**definition)
    with pytest.raises(NotFound):
        client.quality_monitors.get(table)


def test_who_manages_the_table_defines_its_monitor_and_who_selects_sees_it(
    local_workspace: LocalWorkspace, client: WorkspaceClient, table: str, create: Create
) -> None:
    catalog, schema = table.partition(".")[0], table.rpartition(".")[0]
    user = f"{secrets.token_hex(4)}@example.com"
    client.users.create(user_name=user)
    as_user = local_workspace.client(token=local_workspace.act_as(user))

    def grant(kind: str, name: str, *privileges: Privilege) -> None:
        client.grants.update(kind, name, changes=[PermissionsChange(add=list(privileges), principal=user)])

    with pytest.raises(PermissionDenied, match="USE CATALOG"):
        create(as_user, snapshot=MonitorSnapshot())
    grant("catalog", catalog, Privilege.USE_CATALOG)
    grant("schema", schema, Privilege.USE_SCHEMA)
    grant("table", table, Privilege.SELECT)
    with pytest.raises(PermissionDenied, match="MANAGE"):
        create(as_user, snapshot=MonitorSnapshot())
    grant("table", table, Privilege.MANAGE)
    with pytest.raises(PermissionDenied, match="CREATE TABLE"):
        create(as_user, snapshot=MonitorSnapshot())
    create(snapshot=MonitorSnapshot())
    client.grants.update("table", table, changes=[PermissionsChange(remove=[Privilege.MANAGE], principal=user)])
    assert as_user.quality_monitors.get(table).table_name == table
    for forbidden in (as_user.quality_monitors.run_refresh, as_user.quality_monitors.delete):
        with pytest.raises(PermissionDenied, match="MANAGE"):
            forbidden(table)
    with pytest.raises(PermissionDenied, match="was made in workspace"):
        local_workspace.client(workspace="other").quality_monitors.delete(table)


def test_refreshes_are_listed_and_canceled(client: WorkspaceClient, table: str, create: Create) -> None:
    create(snapshot=MonitorSnapshot())
    monitors = client.quality_monitors
    second = monitors.run_refresh(table)
    listed = monitors.list_refreshes(table).refreshes or []
    assert listed[0].refresh_id == second.refresh_id
    for refresh in listed:
        monitors.cancel_refresh(table, refresh.refresh_id)
    ended = [monitors.get_refresh(table, refresh.refresh_id) for refresh in listed]
    assert {str(refresh.state and refresh.state.value) for refresh in ended} == {"CANCELED"}
    assert all(refresh.end_time_ms for refresh in ended)
    with pytest.raises(DatabricksError, match="has ended with CANCELED"):
        monitors.cancel_refresh(table, second.refresh_id)
    failed = monitors.get(table)
    assert failed.status is MonitorInfoStatus.MONITOR_STATUS_ERROR
    assert "canceled before the metric tables were written" in str(failed.latest_monitor_failure_msg)
    with pytest.raises(NotFound):
        monitors.get_refresh(table, 1)


def test_the_data_quality_api_shows_and_changes_the_same_monitor(client: WorkspaceClient, table: str) -> None:
    table_id = str(client.tables.get(table).table_id)
    schema_id = str(client.schemas.get(table.rpartition(".")[0]).schema_id)
    windows = TimeSeriesConfig(
        timestamp_column="at", granularities=[AggregationGranularity.AGGREGATION_GRANULARITY_1_DAY]
    )
    config = DataProfilingConfig(output_schema_id=schema_id, assets_dir=ASSETS, time_series=windows)

    made = client.data_quality.create_monitor(
        Monitor(object_type="table", object_id=table_id, data_profiling_config=config)
    )

    assert made.data_profiling_config
    assert made.data_profiling_config.status is DataProfilingStatus.DATA_PROFILING_STATUS_PENDING
    assert client.quality_monitors.get(table).time_series == MonitorTimeSeries("at", ["1 day"])
    changes = DataProfilingConfig(
        output_schema_id=schema_id,
        snapshot=SnapshotConfig(),
        schedule=CronSchedule(quartz_cron_expression="0 0 1 * * ?", timezone_id="UTC"),
    )
    mask = ",".join(f"data_profiling_config.{name}" for name in ("time_series", "schedule"))
    with pytest.raises(InvalidParameterValue, match="got none"):
        client.data_quality.update_monitor(
            "table", table_id, Monitor("table", table_id, data_profiling_config=changes), mask
        )
    mask += ",data_profiling_config.snapshot"
    body = {
        "object_type": "table",
        "object_id": table_id,
        "data_profiling_config": changes.as_dict() | {"snapshot": {}},
    }
    path = f"/api/data-quality/v1/monitors/table/{table_id}"
    client.api_client.do("PATCH", path, query={"update_mask": mask}, body=body)  # the SDK drops an empty snapshot
    found = client.data_quality.get_monitor("table", table_id).data_profiling_config
    assert found
    assert (found.time_series, found.assets_dir, found.output_schema_id) == (None, ASSETS, schema_id)
    assert found.schedule == CronSchedule.from_dict(
        {**changes.as_dict()["schedule"], "pause_status": "CRON_SCHEDULE_PAUSE_STATUS_UNPAUSED"}
    )
    listed = list(client.data_quality.list_refresh("table", table_id))
    canceled = client.data_quality.cancel_refresh("table", table_id, int(listed[0].refresh_id or 0))
    assert canceled.refresh
    assert canceled.refresh.state is RefreshState.MONITOR_REFRESH_STATE_CANCELED
    client.data_quality.delete_monitor("table", table_id)
    with pytest.raises(NotFound):
        client.data_quality.get_monitor("table", table_id)


def test_what_is_not_emulated_says_so(client: WorkspaceClient, table: str, create: Create) -> None:
    create(snapshot=MonitorSnapshot())
    with pytest.raises(DatabricksError, match="dashboards of monitors"):
        client.quality_monitors.regenerate_dashboard(table)
    with pytest.raises(DatabricksError, match="anomaly detection"):
        client.data_quality.get_monitor("schema", "some-id")


def test_a_refresh_that_ran_when_the_workspace_was_killed_has_failed(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    client.catalogs.create("watched")
    client.schemas.create("s", "watched")
    make_table(client, "watched.s.t", {"n": pa.array([1])})
    client.quality_monitors.create(
        "watched.s.t", output_schema_name="watched.s", assets_dir=ASSETS, snapshot=MonitorSnapshot()
    )
    [first] = client.quality_monitors.list_refreshes("watched.s.t").refreshes or []
    while client.quality_monitors.get_refresh("watched.s.t", first.refresh_id).state.value == "PENDING":
        pass

    fresh_local_workspace.kill()
    fresh_local_workspace.start()

    found = client.quality_monitors.get_refresh("watched.s.t", first.refresh_id)
    assert (found.state and found.state.value, bool(found.end_time_ms)) == ("FAILED", True)
    assert "ended while the refresh ran" in str(found.message)
    assert client.quality_monitors.get("watched.s.t").status is MonitorInfoStatus.MONITOR_STATUS_ERROR
