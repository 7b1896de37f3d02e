"""metrics.<project>_retraining_decisions: what was decided, when and why, also every "no"; and what it started.

A start is written down before it is made: a task that is killed between the two finds it and makes it, by the same
token, which starts one run however often it is used.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.tables import ColumnDefinition, quoted
from brickyard_pipelines.ml.monitoring.windows import moment, seconds
from brickyard_pipelines.ml.retraining.decision import Decision, Start
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_COLUMNS = (
    ColumnDefinition(name="decided_at", type="timestamp", nullable=False, comment="When it was decided"),
    ColumnDefinition(name="window_start", type="timestamp", comment="The newest window that was looked at"),
    ColumnDefinition(name="retrain", type="boolean", nullable=False, comment="Whether training starts"),
    ColumnDefinition(name="reason", type="string", nullable=False, comment="Why, in words"),
    ColumnDefinition(name="breaches", type="string", comment="JSON: broken limits by metric"),
    ColumnDefinition(name="unmeasured", type="string", comment="JSON: metrics of limits that no window has"),
    ColumnDefinition(name="champion_version", type="string", comment="Who was champion then"),
    ColumnDefinition(name="token", type="string", comment="Idempotency token of the start; null of a no"),
    ColumnDefinition(name="run_id", type="bigint", comment="The run that it started; null before, and of a no"),
    ColumnDefinition(name="job_run_id", type="string", comment="The job run that decided; null by hand"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A start on record. Without `run_id` it has not been made yet."""

    start: Start
    reason: str
    run_id: int | None


def table_of(settings: StepSettings, project: str) -> str:
    """Its quoted name."""
    return settings.table("metrics", f"{project}_retraining_decisions")


def create(spark: "SparkSession", table: str) -> None:
    """Create it unless it exists."""
    tables.create(spark, table, _COLUMNS, comment="Every decision whether to train again, and why")


def starts(spark: "SparkSession", table: str) -> list[Recorded]:
    """Every start on record."""
    shown = (
        spark.table(table).where("retrain").selectExpr("unix_seconds(window_start) AS at", "token", "reason", "run_id")
    )
    return [
        Recorded(
            start=Start(window_start=moment(row["at"]), token=row["token"]), reason=row["reason"], run_id=row["run_id"]
        )
        for row in shown.collect()
    ]


def record(
    spark: "SparkSession",
    table: str,
    decision: Decision,
    *,
    champion: str | None,
    job_run_id: str | None,
    now: dt.datetime,
) -> None:
    """Append one decision."""
    at = None if decision.window_start is None else seconds(decision.window_start)
    facts = (
        seconds(now),
        at,
        decision.retrain,
        decision.reason,
        json.dumps({breach.metric: breach.said for breach in decision.breaches}),
        json.dumps(decision.unmeasured),
        champion,
        decision.token if decision.retrain else None,
        None,
        job_run_id,
    )
    schema = ", ".join(f"{c.name} {'bigint' if c.type == 'timestamp' else c.type}" for c in _COLUMNS)
    named = [f"timestamp_seconds({c.name}) AS {c.name}" if c.type == "timestamp" else c.name for c in _COLUMNS]
    spark.createDataFrame([facts], schema).selectExpr(*named).writeTo(table).append()


def started(spark: "SparkSession", table: str, token: str, run_id: int) -> None:
    """Write down which run a start became."""
    spark.sql(f"UPDATE {table} SET run_id = {int(run_id)} WHERE token = {quoted(token)}")  # noqa: S608 - both are ours
