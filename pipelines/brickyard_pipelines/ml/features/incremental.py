"""The feature table brought up to date: the rows that new silver rows may touch, or all of them."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.bronze import LOAD
from brickyard_pipelines.ml.features.touched import Days, around, widened, within_sql
from brickyard_pipelines.ml.project import FeatureTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A silver table as features see it: its full name, its key, the state now and the one they saw last."""

    table: str
    key: tuple[str, ...]
    now: Mapping[str, Any]
    before: Mapping[str, Any] | None = None

    @property
    def changed(self) -> bool:
        """Whether rows have come since."""
        return self.before is not None and self.before["load"] != self.now["load"]


def touched(spark: "SparkSession", definition: FeatureTable, inputs: Mapping[str, Input]) -> tuple[Days, ...]:
    """The days of the moments whose features new rows may have changed.

    A row that replaced another counts where it is now and where it was: its older version is read as of then.
    """
    days: set[dt.date] = set()
    for name, source in inputs.items():
        if source.changed and source.before is not None:
            time = definition.event_times[name]
            new = tables.at(spark, source.table, source.now["version"]).where(f"{LOAD} > {source.before['load']}")
            old = tables.at(spark, source.table, source.before["version"])
            replaced = old.join(new.select(*source.key), list(source.key), "left_semi") if source.key else old.limit(0)
            found = new.selectExpr(f"to_date(`{time}`) AS day").union(replaced.selectExpr(f"to_date(`{time}`) AS day"))
            days |= {row["day"] for row in found.distinct().collect() if row["day"] is not None}
    return around(days, definition.lookback_days or 0)


def readable(spark: "SparkSession", inputs: Mapping[str, Input]) -> str | None:
    """Why the state that the features saw last cannot be read any more, if so: Delta forgets old versions."""
    from pyspark.errors import PySparkException  # see data/spark.py

    for source in inputs.values():
        if source.changed and source.before is not None:
            try:
                tables.at(spark, source.table, source.before["version"]).limit(1).collect()
            except PySparkException as error:
                _log.info("%s: %s", source.table, error)
                return f"version {source.before['version']} of {source.table} cannot be read any more"
    return None


def around_them(
    spark: "SparkSession", definition: FeatureTable, inputs: Mapping[str, Input], days: tuple[Days, ...]
) -> dict[str, "DataFrame"]:
    """The inputs as far as the features of those days look; inputs without a time as a whole."""
    reach = widened(days, definition.lookback_days or 0)
    rows = {}
    for name, source in inputs.items():
        whole = tables.at(spark, source.table, source.now["version"])
        time = definition.event_times.get(name)
        rows[name] = whole.where(within_sql(time, reach)) if time else whole
    return rows
