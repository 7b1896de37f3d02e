"""How the values of each column are distributed in each group.

A column with at most 10,000 distinct values is counted value by value. Of one with more, numbers are told by 1,000
quantiles, and items by 1,000 buckets of their hash, which is enough to compare two groups.
"""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from brickyard_local.monitors.engine.columns import Column
from brickyard_local.monitors.engine.frames import Frame, Key
from brickyard_local.monitors.engine.statistics import Numbers

MOST_EXACT = 10_000
_SKETCH = 1_000
_LOG_OF_BUCKETS = 14
Items = dict[str, int]
Distributions = dict[tuple[Key, str], Numbers | Items]


def wide_columns(spark: Any, frame: Frame, columns: Sequence[Column]) -> frozenset[str]:
    """Names of those columns that have too many values to count each."""
    counted = [column for column in columns if column.kind != "other"]
    if not counted:
        return frozenset()
    terms = ", ".join(distinct_values(f"xxhash64({column.quoted})") for column in counted)
    found = spark.sql(f"SELECT {terms} FROM {frame.relation()}").collect()[0]
    return frozenset(column.name for column, n in zip(counted, found, strict=True) if n > MOST_EXACT)


def distinct_values(values: str) -> str:
    """About how many values there are, to 1 %: a sketch is one column of an aggregation's rows.

    `approx_count_distinct(…, 0.01)` is 1,639: of fifty columns Spark would plan for minutes.
    """
    return f"hll_sketch_estimate(hll_sketch_agg({values}, {_LOG_OF_BUCKETS}))"


def distributions(spark: Any, frame: Frame, columns: Sequence[Column], wide: frozenset[str]) -> Distributions:
    """Of every group and every column that has values there."""
    found = _counted(
        spark, frame, [c for c in columns if c.kind != "other" and (c.kind == "item" or c.name not in wide)], wide
    )
    sketched = [c for c in columns if c.kind in {"number", "moment"} and c.name in wide]
    return found | (_sketched(spark, frame, sketched) if sketched else {})


def _counted(spark: Any, frame: Frame, columns: Sequence[Column], wide: frozenset[str]) -> Distributions:
    if not columns:
        return {}
    stacked = _stacked(frame, columns, [_value(column, wide) for column in columns], "n, s")
    query = frame.selected(
        "`:c`, n, s, count(*) AS `:n`", f"({stacked}) WHERE n IS NOT NULL OR s IS NOT NULL", by=", `:c`, n, s"
    )
    gathered: dict[tuple[Key, str], list[Any]] = defaultdict(list)
    for row in spark.sql(query).toLocalIterator():
        gathered[frame.key(row), columns[row[":c"]].name].append(row)
    kinds = {column.name: column.kind for column in columns}
    return {
        (key, name): {row["s"]: row[":n"] for row in rows} if kinds[name] == "item" else _numbers(rows)
        for (key, name), rows in gathered.items()
    }


def _value(column: Column, wide: frozenset[str]) -> str:
    """The number and the text of a value, one of them null."""
    if column.kind != "item":
        return f"{column.as_double()}, CAST(NULL AS STRING)"
    text = f"CAST({column.quoted} AS STRING)"
    if column.name in wide:
        text = f"CAST(pmod(xxhash64({text}), {_SKETCH}) AS STRING)"
        text = f"CASE WHEN {column.quoted} IS NOT NULL THEN {text} END"
    return f"CAST(NULL AS DOUBLE), {text}"


def _stacked(frame: Frame, columns: Sequence[Column], values: Iterable[str], names: str) -> str:
    """One row per value: the key, the column's position, the value."""
    pairs = ", ".join(f"{position}, {value}" for position, value in enumerate(values))
    keys = "`:start`, `:end`, `:model`, `:slice`"
    return f"SELECT {keys}, stack({len(columns)}, {pairs}) AS (`:c`, {names}) FROM {frame.relation()}"


def _numbers(rows: Sequence[Any]) -> Numbers:
    pairs = sorted((row["n"], row[":n"]) for row in rows)
    counts = np.array([count for _, count in pairs], dtype=float)
    return Numbers(values=np.array([value for value, _ in pairs]), counts=counts, size=int(counts.sum()))


def _sketched(spark: Any, frame: Frame, columns: Sequence[Column]) -> Distributions:
    stacked = _stacked(frame, columns, [column.as_double() for column in columns], "n")
    points = ", ".join(f"{(n + 0.5) / _SKETCH:.4f}D" for n in range(_SKETCH))
    select = f"`:c`, count(n) AS `:n`, percentile_approx(n, array({points}), 100000) AS q"
    query = frame.selected(select, f"({stacked}) WHERE n IS NOT NULL", by=", `:c`")
    return {
        (frame.key(row), columns[row[":c"]].name): _sketch(row["q"], row[":n"])
        for row in spark.sql(query).toLocalIterator()
    }


def _sketch(quantiles: Sequence[float], size: int) -> Numbers:
    values, counts = np.unique(np.array(quantiles), return_counts=True)
    return Numbers(values=values, counts=counts.astype(float), size=size)
