"""Metrics of monitors, compared with what pandas, scipy and scikit-learn say of the same rows."""

# ruff: noqa: S608 - names in these statements are of the tests themselves

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import (
    MonitorInferenceLog,
    MonitorInferenceLogProblemType,
    MonitorInfo,
    MonitorInfoStatus,
    MonitorMetric,
    MonitorMetricType,
    MonitorRefreshInfo,
    MonitorRefreshInfoState,
    MonitorSnapshot,
    MonitorTimeSeries,
)
from databricks.sdk.service.sql import Disposition, Format, StatementState
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics as sklearn_metrics

from brickyard_local.pytest_plugin import LocalWorkspace

pytestmark = pytest.mark.slow
PATIENCE_S = 500.0
ENDED = (MonitorRefreshInfoState.SUCCESS, MonitorRefreshInfoState.FAILED, MonitorRefreshInfoState.CANCELED)
DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """A schema with tables, and SQL to read and write them."""

    client: WorkspaceClient
    warehouse_id: str
    schema: str

    def sql(self, statement: str) -> Rows:
        """Rows of a statement; nested values as JSON gives them."""
        answer = self.client.statement_execution.execute_statement(
            statement,
            self.warehouse_id,
            wait_timeout="50s",
            disposition=Disposition.INLINE,
            format=Format.JSON_ARRAY,
        )
        deadline = time.monotonic() + PATIENCE_S
        while answer.status and answer.status.state in (StatementState.PENDING, StatementState.RUNNING):
            assert time.monotonic() < deadline
            time.sleep(0.5)
            answer = self.client.statement_execution.get_statement(str(answer.statement_id))
        assert answer.status
        assert answer.status.state is StatementState.SUCCEEDED, answer.status.error
        if answer.manifest is None or answer.manifest.schema is None or answer.result is None:
            return []
        names = [str(column.name) for column in answer.manifest.schema.columns or []]
        return [dict(zip(names, row, strict=True)) for row in answer.result.data_array or []]

    def table(self, frame: pd.DataFrame, types: Mapping[str, str]) -> str:
        """A new table of these rows."""
        name = f"{self.schema}.t{secrets.token_hex(4)}"
        columns = ", ".join(f"`{column}` {kind}" for column, kind in types.items())
        self.sql(f"CREATE TABLE {name} ({columns})")
        self.insert(name, frame, types)
        return name

    def insert(self, name: str, frame: pd.DataFrame, types: Mapping[str, str]) -> None:
        rows = ", ".join(
            f"({', '.join(literal(row[column], kind) for column, kind in types.items())})"
            for row in frame.to_dict("records")
        )
        self.sql(f"INSERT INTO {name} VALUES {rows}")

    def active(self, table: str, **definition: Any) -> MonitorInfo:
        """A new monitor whose first refresh has ended well."""
        self.client.quality_monitors.create(
            table, output_schema_name=self.schema, assets_dir="/Workspace/Shared/monitors", **definition
        )
        first = (self.client.quality_monitors.list_refreshes(table).refreshes or [])[0]
        self.ended(table, first)
        monitor = self.client.quality_monitors.get(table)
        assert monitor.status is MonitorInfoStatus.MONITOR_STATUS_ACTIVE
        return monitor

    def refreshed(self, table: str) -> MonitorRefreshInfo:
        return self.ended(table, self.client.quality_monitors.run_refresh(table))

    def ended(self, table: str, refresh: MonitorRefreshInfo) -> MonitorRefreshInfo:
        deadline = time.monotonic() + PATIENCE_S
        while refresh.state not in ENDED:
            assert time.monotonic() < deadline
            time.sleep(0.3)
            refresh = self.client.quality_monitors.get_refresh(table, refresh.refresh_id)
        assert refresh.state is MonitorRefreshInfoState.SUCCESS, refresh.message
        return refresh

    def metrics(self, table: str, where: str) -> Rows:
        """Rows of a metric table with numbers as numbers, in the order of their windows; nulls are left out."""
        rows = self.sql(f"SELECT to_json(struct(*)) AS row FROM {table} WHERE {where}")
        return [json.loads(text) for text in sorted(row["row"] for row in rows)]


def literal(value: Any, kind: str) -> str:
    if value is None or value is pd.NaT:
        return "NULL"
    if isinstance(value, float) and np.isnan(value):
        return f"CAST('NaN' AS {kind})"
    return f"CAST('{value}' AS {kind})"


@pytest.fixture(scope="module")
def house(local_workspace: LocalWorkspace) -> Iterator[House]:
    client = local_workspace.client()
    catalog = f"monitors_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("watched", catalog)
    warehouse = client.warehouses.create_and_wait(name=catalog, cluster_size="2X-Small", max_num_clusters=1)
    yield House(client=client, warehouse_id=str(warehouse.id), schema=f"{catalog}.watched")
    client.warehouses.delete(str(warehouse.id))


def sales(seed: int, day: int, size: int, *, mean: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "at": [DAY + timedelta(days=day, seconds=60 * n) for n in range(size)],
            "amount": np.round(generator.normal(mean, 2.0, size), 3),
            "pieces": generator.integers(0, 4, size),
            "color": generator.choice(["red", "green", "blue"], size, p=[0.5, 0.3, 0.2] if day else [0.2, 0.3, 0.5]),
        }
    ).astype({"pieces": object, "color": object})
    frame.loc[::7, "color"] = None
    return frame


TYPES = {"at": "TIMESTAMP", "amount": "DOUBLE", "pieces": "INT", "color": "STRING"}


def test_a_time_series_has_the_profile_and_drift_that_pandas_and_scipy_compute(house: House) -> None:
    days = [sales(1, 0, 60, mean=10.0), sales(2, 1, 45, mean=11.0)]
    old = sales(3, -60, 30, mean=5.0)  # before what is analysed
    baseline = sales(4, 0, 50, mean=12.0)
    days[0].loc[3, "amount"] = np.nan
    table = house.table(pd.concat([*days, old]), TYPES)
    against = house.table(baseline, TYPES)
    squared = MonitorMetric(
        name="mean_of_squares",
        type=MonitorMetricType.CUSTOM_METRIC_TYPE_AGGREGATE,
        input_columns=["amount"],
        definition="avg(`{{input_column}}` * `{{input_column}}`)",
        output_data_type='{"name": "output", "type": "double", "nullable": true, "metadata": {}}',
    )
    rooted = MonitorMetric(
        name="root",
        type=MonitorMetricType.CUSTOM_METRIC_TYPE_DERIVED,
        input_columns=["pieces"],
        definition="sqrt(avg)",
        output_data_type="double",
    )
    moved = MonitorMetric(
        name="moved",
        type=MonitorMetricType.CUSTOM_METRIC_TYPE_DRIFT,
        input_columns=["pieces"],
        definition="{{current_df}}.root - {{base_df}}.root",
        output_data_type="double",
    )

    monitor = house.active(
        table,
        time_series=MonitorTimeSeries(timestamp_col="at", granularities=["1 day"]),
        baseline_table_name=against,
        slicing_exprs=["color", "amount > 10"],
        custom_metrics=[squared, rooted, moved],
    )

    profile, drift = str(monitor.profile_metrics_table_name), str(monitor.drift_metrics_table_name)
    assert (profile, drift) == (f"{table}_profile_metrics", f"{table}_drift_metrics")
    found = house.metrics(profile, "slice_key IS NULL AND log_type = 'INPUT'")
    assert len(found) == 2 * 5  # two days, four columns and the table: the third day is too old
    for day, frame in enumerate(days):
        rows = {
            row["column_name"]: row
            for row in found
            if row["window"]["start"].startswith(f"{DAY + timedelta(days=day):%F}")
        }
        check_amount(rows["amount"], frame["amount"])
        check_pieces(rows["pieces"], frame["pieces"].astype(float))
        check_color(rows["color"], frame["color"])
        assert rows[":table"]["count"] == len(frame)
        assert rows[":table"]["non_null_columns"] == list(TYPES)
        assert rows["at"]["max"] == pytest.approx(frame["at"].max().timestamp())
    check_slices(house, profile, days)
    check_drift(house, drift, days, baseline)


def check_amount(row: Mapping[str, Any], values: pd.Series) -> None:
    numbers = values.dropna()
    assert (row["count"], row["num_nulls"], row["num_nan"]) == (len(values), 0, len(values) - len(numbers))
    assert row["data_type"] == "double"
    assert row["avg"] == pytest.approx(numbers.mean())
    assert row["stddev"] == pytest.approx(numbers.std())
    assert (row["min"], row["max"]) == (numbers.min(), numbers.max())
    assert row["median"] == pytest.approx(numbers.median())
    assert row["distinct_count"] == values.nunique(dropna=False)
    assert row["percent_nan"] == pytest.approx(100 * (len(values) - len(numbers)) / len(values))
    assert len(row["quantiles"]) == 1000
    assert (row["quantiles"][0], row["quantiles"][-1]) == (numbers.min(), numbers.max())
    if len(numbers) == len(values):  # the template does not say what to do with what is not a number
        assert row["mean_of_squares"] == pytest.approx((numbers**2).mean())


def check_pieces(row: Mapping[str, Any], values: pd.Series) -> None:
    assert row["num_zeros"] == (values == 0).sum()
    assert row["percent_zeros"] == pytest.approx(100 * (values == 0).mean())
    assert row["percent_distinct"] == pytest.approx(100 * values.nunique() / len(values))
    assert row["root"] == pytest.approx(values.mean() ** 0.5)


def check_color(row: Mapping[str, Any], values: pd.Series) -> None:
    known = values.dropna()
    assert (row["count"], row["num_nulls"]) == (len(known), len(values) - len(known))
    assert row["percent_null"] == pytest.approx(100 * values.isna().mean())
    assert {item["item"]: item["count"] for item in row["frequent_items"]} == known.value_counts().to_dict()
    assert row["avg_length"] == pytest.approx(known.str.len().mean())
    assert (row["min_length"], row["max_length"]) == (known.str.len().min(), known.str.len().max())


def check_slices(house: House, profile: str, days: list[pd.DataFrame]) -> None:
    where = "slice_key IS NOT NULL AND log_type = 'INPUT' AND column_name = ':table'"
    slices = {
        (row["window"]["start"][:10], row["slice_key"], row["slice_value"]): row["count"]
        for row in house.metrics(profile, where)
    }
    expected = {}
    for day, frame in enumerate(days):
        start = f"{DAY + timedelta(days=day):%F}"
        expected |= {(start, "color", color): n for color, n in frame["color"].value_counts().items()}
        more = (frame["amount"] > 10) | frame["amount"].isna()  # to Spark, NaN is more than any number
        expected |= {(start, "amount > 10", str(value).lower()): n for value, n in more.value_counts().items()}
    assert slices == expected


def check_drift(house: House, drift: str, days: list[pd.DataFrame], baseline: pd.DataFrame) -> None:
    found = {
        (row["drift_type"], row["window"]["start"][:10], row["column_name"]): row
        for row in house.metrics(drift, "slice_key IS NULL")
    }
    first, second = (f"{DAY + timedelta(days=day):%F}" for day in (0, 1))
    assert len(found) == 3 * 5
    assert {key[1] for key in found if key[0] == "CONSECUTIVE"} == {second}
    comparisons: list[tuple[tuple[str, str], pd.DataFrame, pd.DataFrame]] = [
        (("CONSECUTIVE", second), days[1], days[0]),
        (("BASELINE", first), days[0], baseline),
        (("BASELINE", second), days[1], baseline),
    ]
    for key, now, before in comparisons:
        amount, color = found[(*key, "amount")], found[(*key, "color")]
        left, right = now["amount"].dropna(), before["amount"].dropna()
        tested = stats.ks_2samp(left, right)
        effective = round(len(left) * len(right) / (len(left) + len(right)))
        assert amount["ks_test"]["statistic"] == pytest.approx(tested.statistic)
        assert amount["ks_test"]["pvalue"] == pytest.approx(stats.kstwo.sf(tested.statistic, effective))
        assert amount["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(left, right))
        assert amount["avg_delta"] == pytest.approx(left.mean() - right.mean())
        assert amount["population_stability_index"] > 0
        assert "js_distance" not in amount
        colors = ["blue", "green", "red"]
        counts = np.array([[(frame["color"] == each).sum() for each in colors] for frame in (now, before)])
        shares = counts / counts.sum(axis=1, keepdims=True)
        tested = stats.chi2_contingency(counts, correction=False)
        assert color["chi_squared_test"]["statistic"] == pytest.approx(tested.statistic)
        assert color["chi_squared_test"]["pvalue"] == pytest.approx(tested.pvalue)
        assert color["tv_distance"] == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
        assert color["l_infinity_distance"] == pytest.approx(np.abs(shares[0] - shares[1]).max())
        assert color["js_distance"] == pytest.approx(jensenshannon(*shares, base=2))
        assert "ks_test" not in color
        assert found[(*key, ":table")]["count_delta"] == len(now) - len(before)
        roots = [frame["pieces"].astype(float).mean() ** 0.5 for frame in (now, before)]
        assert found[(*key, "pieces")]["moved"] == pytest.approx(roots[0] - roots[1])


def test_an_inference_log_says_how_good_each_model_was(house: House) -> None:
    generator = np.random.default_rng(5)
    size = 80
    frame = pd.DataFrame(
        {
            "at": [DAY + timedelta(minutes=n) for n in range(size)],
            "version": generator.choice(["1", "2"], size),
            "prediction": generator.choice(["a", "b", "c"], size),
            "label": generator.choice(["a", "b"], size),
        }
    )
    frame.loc[::9, "label"] = None
    types = {"at": "TIMESTAMP", "version": "STRING", "prediction": "STRING", "label": "STRING"}
    table = house.table(frame, types)

    monitor = house.active(
        table,
        inference_log=MonitorInferenceLog(
            problem_type=MonitorInferenceLogProblemType.PROBLEM_TYPE_CLASSIFICATION,
            timestamp_col="at",
            granularities=["1 week"],
            prediction_col="prediction",
            label_col="label",
            model_id_col="version",
        ),
    )

    rows = house.metrics(str(monitor.profile_metrics_table_name), "column_name = ':table'")
    assert {row["version"] for row in rows} == {"1", "2", "*"}
    for row in rows:
        chosen = frame if row["version"] == "*" else frame[frame["version"] == row["version"]]
        assert row["count"] == len(chosen)
        known = chosen.dropna(subset=["label"])
        truth, guess = known["label"], known["prediction"]
        assert row["accuracy_score"] == pytest.approx(sklearn_metrics.accuracy_score(truth, guess))
        for name in ("precision", "recall", "f1_score"):
            score: Callable[..., float] = getattr(sklearn_metrics, name if name == "f1_score" else f"{name}_score")
            for average in ("macro", "weighted"):
                expected = score(truth, guess, average=average, zero_division=0)
                assert row[name][average] == pytest.approx(expected), (name, average)
        matrix = {(each["prediction"], each["label"]): each["count"] for each in row["confusion_matrix"]}
        assert matrix == known.groupby(["prediction", "label"]).size().to_dict()


def test_a_regressions_errors_are_those_of_scikit_learn_also_when_refreshed_again(house: House) -> None:
    generator = np.random.default_rng(6)
    truth = np.round(generator.normal(50, 10, 40), 2)
    frame = pd.DataFrame(
        {
            "at": [DAY + timedelta(minutes=n) for n in range(40)],
            "version": 1,
            "prediction": np.round(truth + generator.normal(0, 3, 40), 2),
            "label": truth,
        }
    ).astype({"version": object})
    types = {"at": "TIMESTAMP", "version": "INT", "prediction": "DOUBLE", "label": "DOUBLE"}
    table = house.table(frame, types)

    monitor = house.active(
        table,
        inference_log=MonitorInferenceLog(
            problem_type=MonitorInferenceLogProblemType.PROBLEM_TYPE_REGRESSION,
            timestamp_col="at",
            granularities=["1 month"],
            prediction_col="prediction",
            label_col="label",
            model_id_col="version",
        ),
    )

    where = "column_name = ':table' AND version = '*'"
    [row] = house.metrics(str(monitor.profile_metrics_table_name), where)
    error = sklearn_metrics.mean_squared_error(frame["label"], frame["prediction"])
    assert row["mean_squared_error"] == pytest.approx(error)
    assert row["root_mean_squared_error"] == pytest.approx(error**0.5)
    assert row["mean_average_error"] == pytest.approx(
        sklearn_metrics.mean_absolute_error(frame["label"], frame["prediction"])
    )
    assert row["mean_absolute_percentage_error"] == pytest.approx(
        sklearn_metrics.mean_absolute_percentage_error(frame["label"], frame["prediction"])
    )
    assert row["r2_score"] == pytest.approx(sklearn_metrics.r2_score(frame["label"], frame["prediction"]))
    before = house.metrics(str(monitor.profile_metrics_table_name), "true")
    house.refreshed(table)
    assert house.metrics(str(monitor.profile_metrics_table_name), "true") == before, "a refresh again changes nothing"


def test_with_a_change_feed_only_windows_that_changed_are_computed_whatever_time_they_are_of(house: House) -> None:
    days = [sales(seed, seed, 30, mean=10.0 + seed) for seed in range(3)]
    table = house.table(pd.concat(days), TYPES)
    house.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    monitor = house.active(table, time_series=MonitorTimeSeries(timestamp_col="at", granularities=["1 day"]))
    old = sales(7, -400, 20, mean=99.0)
    house.insert(table, old, TYPES)
    house.sql(f"UPDATE {table} SET amount = 0 WHERE at < '{DAY + timedelta(days=1):%F}' AND at >= '{DAY:%F}'")
    house.refreshed(table)

    rows = house.metrics(str(monitor.profile_metrics_table_name), "column_name = 'amount'")
    assert [row["avg"] for row in rows] == pytest.approx(
        [old["amount"].mean(), 0.0, days[1]["amount"].mean(), days[2]["amount"].mean()]
    )
    versions = [row["logging_table_commit_version"] for row in rows]
    assert versions == [versions[0]] * 2 + [versions[2]] * 2
    assert versions[0] > versions[2], "what did not change was computed again"
    drift = house.metrics(str(monitor.drift_metrics_table_name), "column_name = 'amount'")
    moved = [days[1]["amount"].mean(), days[2]["amount"].mean() - days[1]["amount"].mean()]
    assert [row["avg_delta"] for row in drift] == pytest.approx(moved), "the day after it drifts from the changed one"


def test_a_snapshot_drifts_from_the_snapshot_before_it(house: House) -> None:
    types = {"amount": "DOUBLE", "color": "STRING"}
    first = pd.DataFrame({"amount": [1.0, 2.0, 3.0, 4.0], "color": ["a", "a", "b", "b"]})
    more = pd.DataFrame({"amount": [9.0, 9.5], "color": ["c", "c"]})
    table = house.table(first, types)
    monitor = house.active(table, snapshot=MonitorSnapshot())
    profile, drift = str(monitor.profile_metrics_table_name), str(monitor.drift_metrics_table_name)
    assert not house.metrics(drift, "true")

    house.insert(table, more, types)
    house.refreshed(table)

    assert [row["count"] for row in house.metrics(profile, "column_name = ':table'")] == [4, 6]
    [amount] = house.metrics(drift, "column_name = 'amount'")
    both = pd.concat([first, more])
    assert amount["drift_type"] == "CONSECUTIVE"
    assert amount["count_delta"] == 2
    assert amount["ks_test"]["statistic"] == pytest.approx(stats.ks_2samp(both["amount"], first["amount"]).statistic)
    assert amount["window_cmp"]["start"] < amount["window"]["start"]
