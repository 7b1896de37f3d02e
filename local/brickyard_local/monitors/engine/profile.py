"""The profile of each group: a row per column, and one for the table.

Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output;
rows of a real workspace (percentages are 0 to 100, moments are seconds since the epoch, `:table` is the table's row).
`avg`, `min`, `max`, `stddev` and quantiles leave out what is not a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brickyard_local.monitors.engine.columns import Column
from brickyard_local.monitors.engine.custom import Aggregate
from brickyard_local.monitors.engine.distributions import Items, distinct_values, distributions
from brickyard_local.monitors.engine.frames import Frame, Key
from brickyard_local.monitors.engine.quality import Quality
from brickyard_local.monitors.engine.statistics import Numbers

TABLE = ":table"
_QUANTILES = np.linspace(0.0, 1.0, 1_000)
_MOST_FREQUENT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What one group of rows looks like: values of metrics by column, and the distributions they came from."""

    key: Key
    rows: dict[str, dict[str, Any]]
    shapes: dict[str, Numbers | Items] = field(default_factory=dict)


def profiles(
    spark: Any, frame: Frame, wide: frozenset[str], aggregates: Sequence[Aggregate] = (), quality: Quality | None = None
) -> dict[Key, Profile]:
    """The profile of every group of a frame; `wide` are columns with too many values to count each."""
    columns = frame.source.columns
    shapes = distributions(spark, frame, columns, wide)
    measured = quality.measured(spark, frame) if quality is not None else {}
    found = {}
    for answer in spark.sql(frame.selected(_terms(columns, wide, aggregates))).collect():
        key = frame.key(answer)
        own = {column.name: shapes[key, column.name] for column in columns if (key, column.name) in shapes}
        rows = {column.name: _row(n, column, answer, own.get(column.name), wide) for n, column in enumerate(columns)}
        rows[TABLE] = {
            "count": answer[":rows"],
            "non_null_columns": [column.name for n, column in enumerate(columns) if answer[f"count{n}"]],
            **measured.get(key, {}),
        }
        for n, aggregate in enumerate(aggregates):
            rows[aggregate.column][aggregate.name] = answer[f"custom{n}"]
        found[key] = Profile(key=key, rows=rows, shapes=own)
    return found


def _terms(columns: Sequence[Column], wide: frozenset[str], aggregates: Sequence[Aggregate]) -> str:
    terms = ["count(*) AS `:rows`"]
    for n, column in enumerate(columns):
        terms.append(f"count({column.quoted}) AS count{n}")
        if column.name in wide:  # of the others every value is counted
            values = f"CASE WHEN {column.quoted} IS NOT NULL THEN xxhash64({column.quoted}) END"
            terms.append(f"{distinct_values(values)} AS distinct_count{n}")
        terms += [f"{term} AS {name}{n}" for name, term in _terms_of(column).items()]
    terms += [f"{aggregate.expression} AS custom{n}" for n, aggregate in enumerate(aggregates)]
    return ", ".join(terms)


def _terms_of(column: Column) -> dict[str, str]:
    if column.kind == "other":
        return {}
    terms: dict[str, str] = {}
    if column.is_text:
        length = f"CAST(char_length({column.quoted}) AS DOUBLE)"
        terms |= {"min_length": f"min({length})", "max_length": f"max({length})", "avg_length": f"avg({length})"}
    if column.kind in {"number", "moment"}:
        terms |= {"min": f"min({column.as_double()})", "max": f"max({column.as_double()})"}
    if column.kind == "number":
        terms |= {
            "avg": f"avg({column.as_double()})",
            "stddev": f"stddev_samp({column.as_double()})",
            "num_zeros": f"count_if({column.quoted} = 0)",
            "num_nan": f"count_if(isnan(CAST({column.quoted} AS DOUBLE)))",
        }
    return terms


def _row(n: int, column: Column, answer: Any, shape: Numbers | Items | None, wide: frozenset[str]) -> dict[str, Any]:
    count, rows = answer[f"count{n}"], answer[":rows"]
    row = {"count": count, "data_type": column.data_type, "num_nulls": rows - count}
    row |= {name: answer[f"{name}{n}"] for name in _terms_of(column)}
    row["percent_null"] = _percent(rows - count, rows)
    if column.kind == "other":
        return row
    exact = _distinct(shape) + bool(row.get("num_nan"))
    row["distinct_count"] = answer[f"distinct_count{n}"] if column.name in wide else exact
    row["percent_distinct"] = _percent(row["distinct_count"], count)
    if column.kind == "number":
        row |= {"percent_nan": _percent(row["num_nan"], count), "percent_zeros": _percent(row["num_zeros"], count)}
    return row | _from_shape(column, shape, wide)


def _distinct(shape: Numbers | Items | None) -> int:
    if shape is None:
        return 0
    return len(shape.values) if isinstance(shape, Numbers) else len(shape)


def _from_shape(column: Column, shape: Numbers | Items | None, wide: frozenset[str]) -> dict[str, Any]:
    if isinstance(shape, Numbers):
        found: dict[str, Any] = {"median": shape.median()}
        if column.kind == "number":
            found["quantiles"] = [float(value) for value in shape.quantiles(_QUANTILES)]
        return found
    if shape is None or column.name in wide:
        return {}
    ranked = sorted(shape.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FREQUENT]
    return {"frequent_items": [{"item": item, "count": count} for item, count in ranked]}


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None
