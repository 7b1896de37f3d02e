"""Scored rows into the inference table: what is there already stays as it is, whoever wrote it, and is not doubled."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From which prediction moment to which the rows to write reach, both included; and how many there are."""

    first: str
    last: str
    rows: int


def merge(table: str, scored: str, *, same: str, window: Window, time_key: str) -> str:
    """The statement that inserts the rows of the query `scored` which are not in the table yet.

    MERGE and not append: of two runs at once, one finds the other's rows. `same` says when a kept and a scored row are
    one. The window lets Delta pass over all files of other times.
    """
    inside = f"kept.`{time_key}` BETWEEN timestamp'{window.first}' AND timestamp'{window.last}'"
    return (
        f"MERGE INTO {table} AS kept USING ({scored}) AS scored ON {inside} AND {same} WHEN NOT MATCHED THEN INSERT *"
    )


def same_version_and_key(key: str) -> str:
    """A version scores a key once, in batches and streams together."""
    return f"kept.`{key}` = scored.`{key}` AND kept.model_version = scored.model_version AND kept.source <> 'endpoint'"


def same_event(key: str) -> str:
    """A stream scores a key once, also when the champion changes between a write and its repetition after a kill."""
    mine = "kept.model_version = scored.model_version AND kept.source <> 'endpoint'"
    return f"kept.`{key}` = scored.`{key}` AND (kept.source = 'stream' OR {mine})"


def run(spark: "SparkSession", statement: str) -> int:
    """Run a MERGE. Answers how many rows it inserted."""
    return int(spark.sql(statement).collect()[0]["num_inserted_rows"])
