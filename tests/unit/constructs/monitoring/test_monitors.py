"""Monitors and alerts: what they wait for, what they ask, what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron
from brickyard_constructs.monitoring import (
    CustomMetric,
    DriftMetric,
    InferenceLog,
    ProfileMetric,
    QualityMonitor,
    QualityMonitorProps,
    Slice,
    Snapshot,
    SqlAlert,
    SqlAlertProps,
    TimeSeries,
)

READS = (Permission(level="CAN_READ", group="team"),)
DAILY = Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=False)
DRIFT = DriftMetric(metrics_table="c.m.T_drift_metrics", column="x", metric="js_distance", granularity="1 day")
SERIES = TimeSeries(timestamp_column="at", granularities=("1 day",))


def monitor(**changes: Any) -> QualityMonitorProps:
    settings: dict[str, Any] = {"table": "c.s.T", "output_schema": "c.m", "assets_dir": "/Users/me", "profile": SERIES}
    return QualityMonitorProps(**settings | changes)


def alert(**changes: Any) -> SqlAlertProps:
    settings: dict[str, Any] = {
        "name": "a",
        "query": DRIFT,
        "warehouse_id": "w",
        "operator": "GREATER_THAN",
        "threshold": 0.2,
        "schedule": DAILY,
        "permissions": READS,
    }
    return SqlAlertProps(**settings | changes)


def only(synth: Callable[[], Any], kind: str) -> dict[str, Any]:
    (made,) = synth()[f"databricks_{kind}"].values()
    found: dict[str, Any] = made
    return found


def test_a_monitor_waits_for_its_table_and_its_baseline(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    props = monitor(baseline="c.s.before")
    QualityMonitor(stack, "monitor", props)

    made = only(synth, "quality_monitor")
    assert 'l.ids]), "c.s.t")' in made["count"]  # Unity Catalog keeps names in lower case
    assert 'l.ids]), "c.s.before")' in made["count"]
    assert made["lifecycle"] == {"prevent_destroy": True}
    assert made["skip_builtin_dashboard"] is True
    assert (props.profile_table, props.drift_table) == ("c.m.T_profile_metrics", "c.m.T_drift_metrics")


def test_a_stack_lists_a_schema_once(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    QualityMonitor(stack, "one", monitor())
    QualityMonitor(stack, "two", monitor(table="c.s.u"))

    counts = {made["count"].partition(".ids")[0] for made in synth()["databricks_quality_monitor"].values()}
    assert len(counts) == 1


def test_a_paused_schedule_is_left_out_of_a_monitor(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    """The provider can start a monitor's schedule, but not pause it."""
    paused = Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=True)
    QualityMonitor(stack, "paused", monitor(schedule=paused))
    QualityMonitor(stack, "runs", monitor(table="c.s.u", schedule=DAILY))

    made = {m["table_name"]: m for m in synth()["databricks_quality_monitor"].values()}
    assert "schedule" not in made["c.s.T"]
    assert made["c.s.u"]["schedule"] == [{"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}]


@pytest.mark.parametrize(
    ("profile", "argument", "block"),
    [
        (Snapshot(), "snapshot", {}),
        (SERIES, "time_series", {"timestamp_col": "at", "granularities": ["1 day"]}),
        (
            InferenceLog(
                problem_type="regression",
                timestamp_column="at",
                prediction_column="p",
                model_id_column="m",
                granularities=("1 hour",),
                label_column="y",
            ),
            "inference_log",
            {
                "problem_type": "PROBLEM_TYPE_REGRESSION",
                "timestamp_col": "at",
                "prediction_col": "p",
                "model_id_col": "m",
                "granularities": ["1 hour"],
                "label_col": "y",
            },
        ),
    ],
)
def test_a_monitor_has_the_one_profile_it_was_given(
    stack: TerraformStack, synth: Callable[[], Any], profile: Any, argument: str, block: dict[str, Any]
) -> None:
    QualityMonitor(stack, "monitor", monitor(profile=profile))

    made = only(synth, "quality_monitor")
    assert made[argument] == [block]
    assert len({"snapshot", "time_series", "inference_log"} & made.keys()) == 1


def test_an_alert_on_a_metric_waits_for_the_metric_table_and_takes_the_worst_model(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    SqlAlert(stack, "alert", alert())

    made = only(synth, "alert_v2")
    permissions = only(synth, "permissions")
    assert 'l.ids]), "c.m.t_drift_metrics")' in made["count"]
    assert permissions["count"] == made["count"]
    assert permissions["alert_v2_id"].endswith("[0].id}")
    assert made["evaluation"]["source"] == {"name": "value", "aggregation": "MAX"}
    assert alert(operator="LESS_THAN").compared == "MIN"


def test_an_alert_on_free_sql_is_there_at_once(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    SqlAlert(stack, "alert", alert(query="SELECT 1 AS n", column="n", tell=("a@b.example",), destinations=("d",)))

    made = only(synth, "alert_v2")
    assert "count" not in made
    assert made["query_text"] == "SELECT 1 AS n"
    assert made["evaluation"]["source"] == {"name": "n"}
    assert made["evaluation"]["notification"]["subscriptions"] == [
        {"user_email": "a@b.example"},
        {"destination_id": "d"},
    ]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: monitor(table="s.t"), "table: got 's.t'; a three-level name"),
        (lambda: monitor(table="${x.y.z}"), "a plain name"),
        (lambda: monitor(output_schema="m"), "output_schema: got 'm.table'"),
        (lambda: monitor(slices=("a", "a")), "slices: got 'a'; each stands once"),
        (lambda: monitor(slices=tuple(map(str, range(101)))), "slices: got 101; at most 100"),
        (lambda: monitor(tell_of_failures=tuple(f"{n}@b.example" for n in range(6))), "tell_of_failures: got 6"),
        (lambda: TimeSeries(timestamp_column="at", granularities=()), "granularities: got"),
        (lambda: TimeSeries(timestamp_column="at", granularities=("2 days",)), "granularities: got '2 days'; one of"),
        (
            lambda: InferenceLog(
                problem_type="ranking",
                timestamp_column="a",
                prediction_column="b",
                model_id_column="c",
                granularities=("1 day",),
            ),
            "problem_type: got 'ranking'",
        ),
        (
            lambda: CustomMetric(name="a b", type="aggregate", definition="1", input_columns=("x",)),
            "name: got 'a b'; a word",
        ),
        (lambda: CustomMetric(name="a", type="sum", definition="1", input_columns=("x",)), "type: got 'sum'"),
        (lambda: DriftMetric(metrics_table="c.m.t", column="x", metric="js; DROP"), "metric: got 'js; DROP'"),
        (lambda: DriftMetric(metrics_table="c.m.t", column="x", metric="m", against="last"), "against: got 'last'"),
        (lambda: ProfileMetric(metrics_table="t", metric="m"), "metrics_table: got 't'"),
        (lambda: alert(query=" "), "query: got ''"),
        (lambda: alert(operator=">"), "operator: got '>'"),
        (lambda: alert(aggregation="LAST"), "aggregation: got 'LAST'"),
        (lambda: alert(tell=("team",)), "tell: got 'team'"),
        (lambda: alert(folder="/Shared/alerts"), "folder: got '/Shared/alerts'; outside of /Shared"),
        (lambda: alert(needs=("${a.b.c}",)), "needs: got"),
        (lambda: Slice(expression="", value="x"), "expression: got ''"),
    ],
)
def test_monitoring_that_could_not_work_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()
