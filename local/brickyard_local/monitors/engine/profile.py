"""The profile of each group: a row per column, and one for the table.

Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output;
rows of a real workspace (percentages are 0 to 100, moments are seconds since the epoch, `:table` is the table's row).
`avg`, `min`, `max`, `stddev` and quantiles leave out what is not a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brickyard_local.monitors.engine.columns import Column
from brickyard_local.monitors.engine.custom import Aggregate
from brickyard_local.monitors.engine.frames import Frame, Key
from brickyard_local.monitors.engine.quality import Quality
from brickyard_local.monitors.engine.scan import Counts, scanned
from brickyard_local.monitors.engine.shapes import ItemShape, NumberShape, Shape

TABLE = ":table"
_QUANTILES = np.linspace(0.0, 1.0, 1_000)
_MOST_FREQUENT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What one group of rows looks like: values of metrics by column, and the shapes they came from."""

    key: Key
    rows: dict[str, dict[str, Any]]
    shapes: Mapping[str, Shape] = field(default_factory=dict)


def profiles(
    spark: Any, frames: Sequence[Frame], aggregates: Sequence[Aggregate] = (), quality: Quality | None = None
) -> dict[Key, Profile]:
    """The profile of every group of the frames, which are of one source."""
    if not frames:
        return {}
    columns = frames[0].source.columns
    found = {
        key: Profile(key=key, rows=_rows(columns, counts), shapes=counts.shapes)
        for key, counts in scanned(spark, frames[0].source, frames).items()
    }
    for frame in frames:
        for key, measured in (quality.measured(spark, frame) if quality is not None else {}).items():
            found[key].rows[TABLE].update(measured)
        _add_aggregates(spark, frame, aggregates, found)
    return found


def _add_aggregates(spark: Any, frame: Frame, aggregates: Sequence[Aggregate], found: Mapping[Key, Profile]) -> None:
    if not aggregates:
        return
    terms = ", ".join(f"{aggregate.expression} AS custom{n}" for n, aggregate in enumerate(aggregates))
    for answer in spark.sql(frame.selected(terms)).collect():
        for n, aggregate in enumerate(aggregates):
            found[frame.key(answer)].rows[aggregate.column][aggregate.name] = answer[f"custom{n}"]


def _rows(columns: Sequence[Column], counts: Counts) -> dict[str, dict[str, Any]]:
    rows = {column.name: _row(column, counts.shapes.get(column.name), counts.rows) for column in columns}
    rows[TABLE] = {
        "count": counts.rows,
        "non_null_columns": [column.name for column in columns if column.name in counts.shapes],
    }
    return rows


def _row(column: Column, shape: Shape | None, rows: int) -> dict[str, Any]:
    count = 0 if shape is None else shape.count
    row: dict[str, Any] = {"count": count, "data_type": column.data_type, "num_nulls": rows - count}
    row["percent_null"] = _percent(rows - count, rows)
    if column.kind == "other":
        return row
    if column.kind == "number":
        row |= {"num_nan": 0, "num_zeros": 0}
    distinct = 0
    if isinstance(shape, NumberShape):
        distinct = shape.distinct + bool(shape.nan)
        row |= _of_numbers(shape, everything=column.kind == "number")
    if isinstance(shape, ItemShape):
        distinct = shape.distinct
        row |= _of_items(shape, text=column.is_text)
    row |= {"distinct_count": distinct, "percent_distinct": _percent(distinct, count)}
    if column.kind == "number":
        row |= {"percent_nan": _percent(row["num_nan"], count), "percent_zeros": _percent(row["num_zeros"], count)}
    return row


def _of_numbers(shape: NumberShape, *, everything: bool) -> dict[str, Any]:
    """Of moments there is no more than where they lie."""
    found: dict[str, Any] = {"num_nan": shape.nan} if everything else {}
    spread = shape.spread
    if not spread.size:
        return found
    found |= {"min": spread.low, "max": spread.high, "median": shape.numbers.median()}
    if everything:
        quantiles = [float(value) for value in shape.numbers.quantiles(_QUANTILES)]
        found |= {"avg": spread.mean, "stddev": spread.deviation(), "num_zeros": spread.zeros}
        found["quantiles"] = [spread.low, *quantiles[1:-1], spread.high]  # a sample need not have the ends
    return found


def _of_items(shape: ItemShape, *, text: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if text:
        own = shape.lengths
        found |= {"min_length": own.low, "max_length": own.high, "avg_length": own.mean}
    if shape.wide is None:
        ranked = sorted(shape.counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FREQUENT]
        found["frequent_items"] = [{"item": item, "count": count} for item, count in ranked]
    return found


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None
