"""features: silver tables → the project's feature function → features.<project>, one row per key."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import BrokenContract, UnusableRows
from brickyard_pipelines.ml.code import package_sha256
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.conflicts import until_undisturbed
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.features import existing, incremental, touched
from brickyard_pipelines.ml.features.incremental import Input
from brickyard_pipelines.ml.features.touched import Plan
from brickyard_pipelines.ml.project import FeatureTable, Project, refer
from brickyard_pipelines.ml.project.existing import ExistingFeatures
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry
from brickyard_pipelines.ml.steps.check_features import counts, wrong_columns, wrong_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("features", features)


def features(settings: StepSettings, project: Project) -> None:
    """Bring the feature table to what silver holds now: what new rows may touch, or all of it."""
    spark = session()
    definition, table = project.workflow.features, settings.table("features", project.name)
    if definition.existing is not None:
        take(spark, settings, project, definition.existing)
        return
    until_undisturbed(lambda: refresh(spark, settings, project, table))
    check(spark, project, table)


def refresh(spark: "SparkSession", settings: StepSettings, project: Project, table: str) -> None:
    """Build what the feature table lacks, from what silver holds at this moment."""
    definition = project.workflow.features
    known = tables.note(spark, table)
    inputs = read_inputs(spark, settings, project, known)
    made_from = {
        "code": package_sha256(project.name),
        "inputs": {name: dict(source.now) for name, source in inputs.items()},
    }
    plan = touched.plan(known, made_from, definition.event_times, definition.lookback_days)
    unreadable = incremental.readable(spark, inputs) if plan.rebuild is None else None
    if unreadable:
        plan = Plan(rebuild=unreadable)
    if plan.rebuild is not None:
        _log.info("%s: all features are built, since %s", table, plan.rebuild)
        create(spark, table, project)
        whole = {name: tables.at(spark, source.table, source.now["version"]) for name, source in inputs.items()}
        tables.replace(build(project, whole), table, made_from=made_from)
    elif not plan.nothing:
        update(spark, project, table, inputs, made_from)


def take(spark: "SparkSession", settings: StepSettings, project: Project, others: ExistingFeatures) -> None:
    """Bring what others keep into the feature table, once it has been looked at as a whole.

    Errors: BrokenContract, with everything that is wrong; nothing was written then.
    """
    definition, table = project.workflow.features, settings.table("features", project.name)
    rows = existing.rows(spark, settings, project, others)
    wrong = wrong_columns(definition, refer(definition.columns), dict(rows.dtypes))
    wrong += [] if wrong else wrong_rows(definition, counts(rows, definition))
    if wrong:
        raise BrokenContract(f"{others.table} is not the feature table of project.yaml: {'; '.join(wrong)}.")
    create(spark, table, project)
    written = existing.bring(spark, table, rows, definition)
    _log.info("%s: %d rows were other than in %s", table, written, others.table)
    check(spark, project, table)


def update(
    spark: "SparkSession", project: Project, table: str, inputs: Mapping[str, Input], made_from: Mapping[str, Any]
) -> None:
    """Build the features that new rows may touch, and put them in the place of those that are there, in one commit."""
    definition = project.workflow.features
    days = incremental.touched(spark, definition, inputs)
    said = ", ".join(f"{part.since} to {part.until}" for part in days) or "no day"
    _log.info("%s: new rows touch the features of %s", table, said)
    moments = touched.within_sql(definition.time_key, days)
    rows = build(project, incremental.around_them(spark, definition, inputs, days)).where(moments)
    tables.replace(rows, table, made_from=made_from, where=moments, writer=uuid.uuid4().hex)


def read_inputs(
    spark: "SparkSession", settings: StepSettings, project: Project, known: Mapping[str, Any] | None
) -> Mapping[str, Input]:
    """The silver tables that the features are built from, as they are and as the feature table last saw them."""
    keys = {contract.name: contract.key for contract in refer(project.workflow.contract)}
    before = (known or {}).get("inputs", {})
    inputs = {}
    for name in project.workflow.features.inputs:
        table = settings.table("silver", name)
        state = tables.require(spark, table, made_by="ingest")
        note = state.made_from or tables.note(spark, table) or {}  # a merge that was killed before its note
        now = {"version": state.version, "load": note.get("load"), "contract": note.get("contract")}
        inputs[name] = Input(table=table, key=keys[name], now=now, before=before.get(name))
    return inputs


def create(spark: "SparkSession", table: str, project: Project) -> None:
    """The feature table with its primary key and time key, unless it exists; it tells its changes from the start."""
    definition = project.workflow.features
    columns = definitions(definition, refer(definition.columns))
    comment = f"{project.title} Features, one row per {definition.key}, known at {definition.time_key}"
    tables.create(spark, table, columns, comment=comment, primary_key=definition.key, statistics=2, change_feed=True)


def definitions(definition: FeatureTable, columns: Sequence[Feature]) -> list[ColumnDefinition]:
    """The columns of the feature table: key, time key, features."""
    key = ColumnDefinition(name=definition.key, type="string", nullable=False, comment="Primary key")
    moment = "Time key: the prediction moment; every feature of the row was known then"
    time_key = ColumnDefinition(name=definition.time_key, type="timestamp", nullable=False, comment=moment)
    return [
        key,
        time_key,
        *(ColumnDefinition(name=column.name, type=column.type, comment=column.comment) for column in columns),
    ]


def build(project: Project, silver: Mapping[str, "DataFrame"]) -> "DataFrame":
    """The rows that the project's function makes, its columns in the promised order."""
    ship(project.name)
    definition = project.workflow.features
    rows: DataFrame = refer(definition.function)(silver)
    names = [column.name for column in refer(definition.columns)]
    selected: DataFrame = rows.select(definition.key, definition.time_key, *names)
    return selected


def check(spark: "SparkSession", project: Project, table: str) -> None:
    """Unity Catalog does not enforce primary keys, so count, also when nothing was written.

    Errors: UnusableRows when a key stands twice.
    """
    key = project.workflow.features.key
    row = spark.table(table).selectExpr("count(*) AS total", f"count(DISTINCT `{key}`) AS keys").collect()[0]
    _log.info("%s: %d rows", table, row["total"])
    if row["total"] != row["keys"]:
        raise UnusableRows(
            f"{table}: {row['total']} rows have only {row['keys']} different {key}: a join multiplies rows."
        )
