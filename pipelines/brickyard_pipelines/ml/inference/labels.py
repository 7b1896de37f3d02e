"""Labels by key into the inference table: which rows they touch, and the statement that touches them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """How many rows get their first label, how many get another one, and on which days (UTC), in order."""

    new: int
    changed: int
    days: tuple[str, ...]


def differs(column: str) -> str:
    """The condition of a row whose label is to be written; one that became unknown again keeps what was known.

    >>> differs("late")
    '(kept.`late` IS NULL OR kept.`late` <> known.label)'
    """
    return f"(kept.`{column}` IS NULL OR kept.`{column}` <> known.label)"


def joined(spark: "SparkSession", table: str, *, key: str, time_key: str, column: str) -> Joined:
    """What the labels of the view `labels_now` will touch."""
    rows = spark.sql(
        f"SELECT string(to_date(kept.`{time_key}`)) AS day, count_if(kept.`{column}` IS NULL) AS new,"  # noqa: S608 - names
        f" count_if(kept.`{column}` IS NOT NULL) AS changed FROM {table} AS kept JOIN labels_now AS known"
        f" ON kept.`{key}` = known.`{key}` WHERE known.label IS NOT NULL AND {differs(column)} GROUP BY 1 ORDER BY 1"
    ).collect()
    return Joined(
        new=sum(int(row["new"]) for row in rows),
        changed=sum(int(row["changed"]) for row in rows),
        days=tuple(str(row["day"]) for row in rows),
    )


def merge(table: str, *, key: str, time_key: str, column: str, days: Sequence[str]) -> str:
    """The statement; only files of the days that are touched are read and written."""
    inside = f"kept.`{time_key}` >= date'{days[0]}' AND kept.`{time_key}` < date_add(date'{days[-1]}', 1)"
    return (
        f"MERGE INTO {table} AS kept USING (SELECT * FROM labels_now WHERE label IS NOT NULL) AS known"  # noqa: S608 - names and days
        f" ON kept.`{key}` = known.`{key}` AND {inside}"
        f" WHEN MATCHED AND {differs(column)} THEN UPDATE SET kept.`{column}` = known.label,"
        f" kept.label_known_at = current_timestamp()"
    )
