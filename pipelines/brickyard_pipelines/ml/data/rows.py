"""Rows for a model: features of a period joined by key with what happened in the end, in memory."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.project import Period, Project, refer
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The Delta versions that rows are read at."""

    feature_table: str
    feature_version: int
    label_versions: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledRows:
    """Rows with a known outcome, in time order, and how many had none."""

    features: pd.DataFrame
    labels: "pd.Series[int]"
    moments: "pd.Series[pd.Timestamp]"
    unlabelled: int


def current_source(spark: "SparkSession", settings: StepSettings, project: Project) -> Source:
    """The newest versions of the feature table and the tables that labels come from."""
    table = settings.table("features", project.name)
    labels = {
        name: tables.require(spark, settings.source(name), made_by="ingest").version
        for name in project.workflow.labels.inputs
    }
    version = tables.require(spark, table, made_by="features").version
    return Source(feature_table=table, feature_version=version, label_versions=labels)


def read(
    spark: "SparkSession", settings: StepSettings, project: Project, source: Source, period: Period
) -> LabelledRows:
    """The labelled rows of a period.

    Errors: UnusableRows when the period holds no labelled row, or rows of one class only.
    """
    definition = project.workflow.features
    features = within(tables.at(spark, source.feature_table, source.feature_version), definition.time_key, period)
    labels = known_labels(spark, settings, project, source)
    frame = features.join(labels, definition.key, "left").toPandas()
    return labelled(frame, project, f"{period.since} to {period.until}")


def known_labels(spark: "SparkSession", settings: StepSettings, project: Project, source: Source) -> "DataFrame":
    """Key and label of every row whose outcome is known, by the project's own function."""
    silver = {name: tables.at(spark, settings.source(name), version) for name, version in source.label_versions.items()}
    found: DataFrame = refer(project.workflow.labels.function)(silver)
    return found


def labelled_days(
    spark: "SparkSession", settings: StepSettings, project: Project, source: Source
) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day (UTC) of the prediction moments whose outcome is known; None of no rows at all."""
    definition, label = project.workflow.features, project.workflow.labels.column
    moments = tables.at(spark, source.feature_table, source.feature_version).select(definition.key, definition.time_key)
    labels = known_labels(spark, settings, project, source).where(f"`{label}` IS NOT NULL")
    day = f"to_date(`{definition.time_key}`)"
    span = moments.join(labels, definition.key).selectExpr(f"min({day}) AS first", f"max({day}) AS last").collect()[0]
    return span["first"], span["last"]


def within(rows: "DataFrame", time_key: str, period: Period) -> "DataFrame":
    """The rows whose prediction moment lies in the period (days in UTC)."""
    return rows.where(f"`{time_key}` >= '{period.since}' AND `{time_key}` < '{period.until}'")


def labelled(frame: pd.DataFrame, project: Project, period: str) -> LabelledRows:
    """The rows of a frame that have a label, in time order."""
    definition, label = project.workflow.features, project.workflow.labels.column
    names = [column.name for column in refer(definition.columns)]
    known = frame[frame[label].notna()].sort_values([definition.time_key, definition.key]).reset_index(drop=True)
    classes = sorted(known[label].unique().tolist())
    if classes != [0, 1]:
        raise UnusableRows(
            f"{period}: {len(known)} labelled rows with the labels {classes}; both 0 and 1 are needed."
            " Check workflow.split against the period that the landed files cover."
        )
    return LabelledRows(
        features=known[names],
        labels=known[label].astype("int64"),
        moments=known[definition.time_key],
        unlabelled=len(frame) - len(known),
    )


def select(rows: LabelledRows, period: Period) -> LabelledRows:
    """The part of the rows that lies in a period; `unlabelled` stays with the whole."""
    inside = (rows.moments >= _start(period.since)) & (rows.moments < _start(period.until))
    return LabelledRows(
        features=rows.features[inside],
        labels=rows.labels[inside],
        moments=rows.moments[inside],
        unlabelled=0,
    )


def thin(rows: LabelledRows, most: int) -> LabelledRows:
    """Every n-th row, so that at most `most` stay, spread over the whole period."""
    step = max(1, -(-len(rows.labels) // most))
    return LabelledRows(
        features=rows.features.iloc[::step],
        labels=rows.labels.iloc[::step],
        moments=rows.moments.iloc[::step],
        unlabelled=rows.unlabelled,
    )


def _start(day: dt.date) -> Any:
    return pd.Timestamp(day)
