"""The inference table, counted: rows, labels and probabilities by window, version and slice. Spark counts, once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brickyard_pipelines.errors import MissingTable
from brickyard_pipelines.ml.monitoring.metrics_table import ALL_MODELS
from brickyard_pipelines.ml.monitoring.scores import BINS, Bins
from brickyard_pipelines.ml.monitoring.windows import moment, seconds, start_sql
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PREDICTION = "prediction"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How many rows a window has, and of how many the label is known."""

    rows: int
    labelled: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The rows of one window that one version scored (`*` is any), all of them or a slice."""

    window_start: dt.datetime
    model_version: str
    slice_key: str | None = None
    slice_value: str | None = None


def table_of(settings: StepSettings, project: Project) -> str:
    """The inference table's quoted name."""
    return settings.table("inference", f"{project.name}_predictions")


def of_model(spark: "SparkSession", settings: StepSettings, project: Project) -> "DataFrame":
    """The predictions of this project's model, with their window as `:start`.

    Errors: MissingTable, also when columns are missing that monitoring needs.
    """
    table = table_of(settings, project)
    if not spark.catalog.tableExists(table):
        raise MissingTable(f"{table} does not exist yet. Run the step 'batch_inference' first.")
    rows = spark.table(table)
    time_key, label = project.workflow.features.time_key, project.workflow.labels.column
    needed = {"model_name", "model_version", _PREDICTION, time_key, label, *project.workflow.monitoring.slices}
    if missing := sorted(needed - set(rows.columns)):
        raise MissingTable(
            f"{table} has no column {', '.join(missing)}; monitoring needs it. Slices are features of the project."
        )
    rows = rows.where(f"model_name = '{settings.need('model')}' AND `{_PREDICTION}` IS NOT NULL")
    return rows.selectExpr("*", f"{start_sql(project.workflow.monitoring.granularity, time_key)} AS `:start`")


def counted(rows: "DataFrame", label: str) -> Mapping[dt.datetime, Counted]:
    """Every window of the table."""
    found = rows.groupBy("`:start`").agg({"*": "count", label: "count"})
    return {
        moment(answer[":start"]): Counted(rows=answer["count(1)"], labelled=answer[f"count({label})"])
        for answer in found.where("`:start` IS NOT NULL").collect()
    }


def newest(rows: "DataFrame", time_key: str) -> dt.datetime:
    """When the newest row is of."""
    return moment(rows.selectExpr(f"max(unix_seconds(`{time_key}`)) AS at").collect()[0]["at"])


def bins(rows: "DataFrame", label: str, starts: Collection[dt.datetime], slices: Sequence[str]) -> Mapping[Group, Bins]:
    """The predictions of these windows by probability: of each version, of all of them, and of each slice's values."""
    found: dict[Group, list[Any]] = defaultdict(list)
    moments = ", ".join(str(seconds(start)) for start in sorted(starts))
    inside = rows.where(f"`:start` IN ({moments})")
    for sliced in (None, *slices):
        keys = ["`:start`", "model_version", f"`{sliced}`" if sliced else "CAST(NULL AS STRING)"]
        query = inside.selectExpr(
            *(f"{key} AS `:{n}`" for n, key in enumerate(keys)),
            f"least(cast(`{_PREDICTION}` * {BINS} AS int), {BINS - 1}) AS `:bin`",
            f"`{_PREDICTION}` AS p",
            f"`{label}` AS y",
        )
        for answer in _by_bin(query).toLocalIterator():
            value = None if sliced is None else str(answer[":2"])
            for version in (answer[":1"], ALL_MODELS):
                group = Group(
                    window_start=moment(answer[":0"]), model_version=version, slice_key=sliced, slice_value=value
                )
                found[group].append((answer["p"], answer["n"], answer["labelled"], answer["positives"]))
    return {group: Bins.of(*np.array(counts, dtype=float).T) for group, counts in found.items()}


def _by_bin(query: "DataFrame") -> "DataFrame":
    from pyspark.sql import functions as f

    return query.groupBy("`:0`", "`:1`", "`:2`", "`:bin`").agg(
        f.avg("p").alias("p"),
        f.count("*").alias("n"),
        f.count("y").alias("labelled"),
        f.coalesce(f.sum("y"), f.lit(0)).alias("positives"),
    )
