"""Dashboards: what their definition says, and what cannot be one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron
from brickyard_constructs.monitoring import Chart, Dashboard, DashboardProps, DriftMetric, SqlAlertProps

READS = (Permission(level="CAN_READ", group="team"),)
DRIFT = DriftMetric(metrics_table="c.m.T_drift_metrics", column="x", metric="js_distance", granularity="1 day")


def chart(**changes: Any) -> Chart:
    return Chart(**{"title": "t", "kind": "line", "query": "SELECT 1", **changes})


def props(*charts: Chart) -> DashboardProps:
    return DashboardProps(name="n", title="t", folder="/F", warehouse_id="w", charts=charts, permissions=READS)


def test_a_counter_asks_what_an_alert_asks_and_a_line_asks_its_history() -> None:
    alert = SqlAlertProps(
        name="a",
        query=DRIFT,
        warehouse_id="w",
        operator="GREATER_THAN",
        threshold=0.2,
        schedule=Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=False),
        permissions=READS,
    )
    assert chart(kind="counter", query=DRIFT).sql == alert.sql
    line = chart(query=DRIFT)
    assert line.fields == ("window_start", "value")
    assert "max(window_start)" not in line.sql


def test_every_widget_reads_columns_of_a_dataset_that_is_there() -> None:
    table = chart(title="c", kind="table", columns=("a", "b"))
    definition = props(chart(title="a", series="metric"), chart(title="b", kind="counter"), table).definition
    names = {dataset["name"] for dataset in definition["datasets"]}
    for place in definition["pages"][0]["layout"]:
        (asked,) = place["widget"]["queries"]
        assert asked["query"]["datasetName"] in names
        named = {field["name"] for field in asked["query"]["fields"]}
        assert _encoded(place["widget"]["spec"]["encodings"]) == named


def _encoded(found: Any) -> set[str]:
    if isinstance(found, list):
        return {name for item in found for name in _encoded(item)}
    if not isinstance(found, dict):
        return set()
    own = {found["fieldName"]} if "fieldName" in found else set()
    return own | {name for item in found.values() for name in _encoded(item)}


@given(st.lists(st.tuples(st.sampled_from(["line", "counter"]), st.integers(1, 6)), min_size=1, max_size=12))
def test_no_two_charts_stand_on_the_same_place(shapes: list[tuple[Any, int]]) -> None:
    charts = [chart(title=str(n), kind=kind, width=width) for n, (kind, width) in enumerate(shapes)]
    taken: set[tuple[int, int]] = set()
    for place in props(*charts).definition["pages"][0]["layout"]:
        at = place["position"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["width"]) for y in range(at["y"], at["y"] + at["height"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 6
        taken |= cells


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"width": 7}, "width"), ({"kind": "pie"}, "kind"), ({"columns": ("a",)}, "columns"), ({"query": " "}, "query")],
)
def test_what_is_no_chart_is_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidProps, match=rule):
        chart(**changes)


def test_it_embeds_nobodys_credentials_and_is_the_same_text_every_time(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    made = props(chart(query=DRIFT))
    Dashboard(stack, "dashboard", made)
    synthesised = synth()
    (dashboard,) = synthesised["databricks_dashboard"].values()
    assert dashboard["embed_credentials"] is False
    assert json.loads(dashboard["serialized_dashboard"]) == made.definition
    (permissions,) = synthesised["databricks_permissions"].values()
    assert permissions["dashboard_id"].startswith("${databricks_dashboard.")
