"""What an alert asks, executed: the newest window that has a value, whatever came after it."""

import sqlite3

import pytest

from brickyard_constructs.monitoring import QualityMonitorProps, Snapshot
from brickyard_stacks.alert_queries import metric_query
from brickyard_stacks.settings.deployment.monitors import InferenceMonitor, MonitoredMetric

MADE = QualityMonitorProps(table="c.s.t", output_schema="c.m", assets_dir="/Shared/t", profile=Snapshot())
MONITOR = InferenceMonitor(
    kind="inference",
    problem_type="regression",
    timestamp_column="at",
    prediction_column="p",
    model_id_column="v",
    label_column="l",
    granularities=("1 day",),
)
MONTHS = ("2013-01", "2013-02", "2013-03")


def answered(table: str, values: dict[str, list[float | None]]) -> list[float | None]:
    """What the alert's query answers of a metric with these values by window, a row for each model."""
    column, kind = ("p", "drift_type") if table == "drift" else (":table", "log_type")
    metric = MonitoredMetric.model_validate(
        {"monitor": "s.t", "table": table, "name": "rmse"} | ({"column": column} if table == "drift" else {})
    )
    made = MADE.drift_table if table == "drift" else MADE.profile_table
    # SQLite has two-level names and no structs: its table is called by ours, and the window's start is a column.
    query = metric_query(metric, MONITOR, MADE).sql.replace("window.start", "start")
    query = query.replace(".".join(f"`{part}`" for part in made.split(".")), "metrics")
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE metrics (start, column_name, {kind}, slice_key, granularity, rmse)")
    said = "CONSECUTIVE" if table == "drift" else "INPUT"
    rows = [(start, column, said, None, "1 day", value) for start, each in values.items() for value in each]
    database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
    found = [value for (value,) in database.execute(query)]
    database.close()
    return sorted(found, key=str)


@pytest.mark.parametrize("table", ["profile", "drift"])
def test_a_newest_window_without_labels_does_not_silence_an_alert(table: str) -> None:
    first, second, third = MONTHS
    assert answered(table, {first: [0.1], second: [0.5, 0.4], third: [None, None]}) == [0.4, 0.5]
    assert answered(table, {first: [0.1], second: [0.5], third: [None, 0.2]}) == [0.2]
    assert answered(table, {first: [0.1], second: [0.5], third: [0.3]}) == [0.3]


def test_without_any_value_nothing_is_compared() -> None:
    assert answered("profile", {MONTHS[0]: [None]}) == []
