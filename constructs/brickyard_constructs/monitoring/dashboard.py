"""Dashboards (Lakeview): charts over SQL, written as the definition that Databricks keeps."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cdktf_cdktf_provider_databricks.dashboard import Dashboard as LakeviewDashboard
from constructs import Construct

from brickyard_constructs.checks import check_each_once, check_not_empty, check_one_of
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.monitoring.metric_query import MetricQuery
from brickyard_constructs.ownership import protection

Kind = Literal["line", "bar", "counter", "table"]
_KINDS = ("line", "bar", "counter", "table")
_SPEC_VERSIONS = {"line": 3, "bar": 3, "counter": 2, "table": 1}
_COLUMNS, _HEIGHTS = 6, {"line": 6, "bar": 6, "counter": 2, "table": 6}  # of the grid's cells


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """One query and how it is shown; of a metric a line is its history, a counter what an alert compares.

    A line and a bar have `x` and `y`, and may tell lines apart by `series`; a counter has `y`; a table has `columns`.
    `width` is in sixths of the page.
    """

    title: str
    kind: Kind
    query: str | MetricQuery
    x: str = "window_start"
    y: str = "value"
    series: str | None = None
    columns: tuple[str, ...] = ()
    width: int = 3

    def __post_init__(self) -> None:
        check_not_empty("title", self.title.strip())
        check_one_of("kind", self.kind, _KINDS)
        if isinstance(self.query, str):
            check_not_empty("query", self.query.strip())
        if not 1 <= self.width <= _COLUMNS:
            raise InvalidProps("width", self.width, rule=f"1 to {_COLUMNS} of the page's sixths")
        if bool(self.columns) != (self.kind == "table"):
            raise InvalidProps("columns", self.columns, rule="a table names its columns, and nothing else does")

    @property
    def sql(self) -> str:
        """The text of the query."""
        if isinstance(self.query, str):
            return self.query
        return self.query.sql if self.kind == "counter" else self.query.history_sql

    @property
    def fields(self) -> tuple[str, ...]:
        """Columns of the result that are shown."""
        if self.kind == "table":
            return self.columns
        if self.kind == "counter":
            return (self.y,)
        return (self.x, self.y, self.series) if self.series else (self.x, self.y)


@dataclass(frozen=True, kw_only=True, slots=True)
class DashboardProps:
    """What it and its page are called, where it stands, which warehouse runs its queries, who may look.

    Who looks needs the rights to the data as well: nobody's credentials are embedded.
    """

    name: str
    title: str
    folder: str
    warehouse_id: str
    charts: tuple[Chart, ...]
    permissions: tuple[Permission, ...]
    protected: bool = False

    def __post_init__(self) -> None:
        for prop in ("name", "title", "folder", "warehouse_id", "charts", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        check_each_once("charts", [chart.title for chart in self.charts])

    @property
    def definition(self) -> dict[str, Any]:
        """As Databricks exports it (.lvdash.json), with names that follow from places."""
        datasets = [
            {"name": _dataset(n), "displayName": chart.title, "queryLines": [chart.sql]}
            for n, chart in enumerate(self.charts)
        ]
        layout = [
            {"widget": _widget(n, chart), "position": position}
            for n, (chart, position) in enumerate(zip(self.charts, _positions(self.charts), strict=True))
        ]
        return {"datasets": datasets, "pages": [{"name": "page1", "displayName": self.title, "layout": layout}]}


class Dashboard(Construct):
    """A published dashboard.

    Creates: databricks_dashboard and databricks_permissions.
    Gaps: one page; no filters, and no schedule that mails it.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/dashboard;
    docs.databricks.com/aws/en/dashboards (the format itself is only exported, not documented)
    """

    def __init__(self, scope: Construct, id_: str, props: DashboardProps) -> None:
        super().__init__(scope, id_)
        self.dashboard = LakeviewDashboard(
            self,
            "Resource",
            display_name=props.name,
            parent_path=props.folder,
            warehouse_id=props.warehouse_id,
            serialized_dashboard=json.dumps(props.definition, separators=(",", ":")),
            embed_credentials=False,
            lifecycle=protection(props.protected),
        )
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.DASHBOARD, name=props.name, object_id=self.dashboard.id),
            permissions=props.permissions,
        )


def _dataset(n: int) -> str:
    return f"dataset{n + 1}"


def _widget(n: int, chart: Chart) -> dict[str, Any]:
    fields = [{"name": field, "expression": f"`{field}`"} for field in chart.fields]
    query = {"datasetName": _dataset(n), "fields": fields, "disaggregated": True}
    spec = {
        "version": _SPEC_VERSIONS[chart.kind],
        "widgetType": chart.kind,
        "encodings": _encodings(chart),
        "frame": {"showTitle": True, "title": chart.title},
    }
    return {"name": f"widget{n + 1}", "queries": [{"name": "main_query", "query": query}], "spec": spec}


def _encodings(chart: Chart) -> dict[str, Any]:
    if chart.kind == "counter":
        return {"value": {"fieldName": chart.y, "displayName": chart.title}}
    if chart.kind == "table":
        return {"columns": [{"fieldName": field, "displayName": field} for field in chart.columns]}
    x_scale = "temporal" if chart.kind == "line" else "categorical"
    encodings = {"x": _axis(chart.x, x_scale), "y": _axis(chart.y, "quantitative")}
    return encodings | ({"color": _axis(chart.series, "categorical")} if chart.series else {})


def _axis(field: str, scale: str) -> dict[str, Any]:
    return {"fieldName": field, "displayName": field, "scale": {"type": scale}}


def _positions(charts: Sequence[Chart]) -> list[dict[str, int]]:
    """From left to right, in rows as high as the highest of each."""
    placed: list[dict[str, int]] = []
    x = y = row = 0
    for chart in charts:
        if x + chart.width > _COLUMNS:
            x, y, row = 0, y + row, 0
        height = _HEIGHTS[chart.kind]
        placed.append({"x": x, "y": y, "width": chart.width, "height": height})
        x, row = x + chart.width, max(row, height)
    return placed
