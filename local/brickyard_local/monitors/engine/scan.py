"""One pass of Spark over a source, for all its frames: what each column holds in each group of rows.

Spark reads, windows and slices with the rights of who refreshes, and its Python workers count (`tally`), so that what
leaves them is as large as the distributions, not as the rows.
"""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from brickyard_local.monitors.engine.columns import Column
from brickyard_local.monitors.engine.frames import ALL_MODELS, Frame, Key, Source
from brickyard_local.monitors.engine.shapes import Shape, joined
from brickyard_local.monitors.engine.tally import PART_COLUMNS, ROWS, Counted, Grouping, Layout, tallied
from brickyard_local.monitors.engine.wide import Part

_LISTS = ("numbers", "counts", "spread", "hashes")
_SQL_TYPES = {
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.list_(pa.float64()): "array<double>",
    pa.list_(pa.string()): "array<string>",
    pa.list_(pa.int64()): "array<bigint>",
}
_KINDS: Mapping[str, Literal["number", "item"]] = {"moment": "number", "number": "number", "item": "item"}
_PARTS = ", ".join(f"`{name}` {_SQL_TYPES[kind]}" for name, kind in PART_COLUMNS.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What a group holds: its rows, and the shape of each column that has values."""

    rows: int
    shapes: Mapping[str, Shape] = field(default_factory=dict)


def scanned(spark: Any, source: Source, frames: Sequence[Frame]) -> dict[Key, Counts]:
    """Of every group of every frame; of an inference log each model's, and all models' together."""
    terms = _Terms(source)
    groupings = tuple(terms.grouping(spark, frame) for frame in frames)
    columns = tuple(terms.counted(column) for column in source.columns)
    rows = spark.sql(terms.query())
    layout = Layout(groupings=groupings, columns=columns)
    found = rows.mapInArrow(partial(tallied, layout), _PARTS).toArrow()
    parts: dict[tuple[Key, int], list[Part]] = defaultdict(list)
    for part in parts_of(found):
        for key in _keys(frames[part["grouping"]], part):
            parts[key, part["column"]].append(part)
    shapes: dict[Key, dict[str, Shape]] = defaultdict(dict)
    for (key, at), own in parts.items():
        if at != ROWS:
            shapes[key][source.columns[at].name] = joined(columns[at].kind, own)
    return {
        key: Counts(rows=sum(part["rows"] for part in own), shapes=shapes[key])
        for (key, at), own in parts.items()
        if at == ROWS
    }


def parts_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of `PART_COLUMNS`, lists of numbers as arrays."""
    for batch in table.to_batches():
        columns = {name: batch.column(name) for name in PART_COLUMNS}
        for n in range(batch.num_rows):
            row: dict[str, Any] = {name: column[n].as_py() for name, column in columns.items() if name not in _LISTS}
            for name in _LISTS:
                values = columns[name][n].values
                row[name] = None if values is None else values.to_numpy(zero_copy_only=False)
            yield row


def _keys(frame: Frame, part: Mapping[str, Any]) -> Iterator[Key]:
    windowed = frame.granularity is not None
    key = Key(
        start=part["start"] if windowed else frame.fixed,
        end=part["end"] if windowed else frame.fixed,
        model=part["model"],
        slice_key=frame.slice_key,
        slice_value=part["slice"],
        granularity=frame.granularity,
    )
    yield key
    if frame.model_id_col is not None:
        yield replace(key, model=ALL_MODELS)


class _Terms:
    """Columns of the relation that is counted: what tells the groups of a row and, once that is known, its own."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._told: dict[str, int] = {}  # position by expression
        self._values: list[str] = []
        self._conditions: dict[int, str] = {}  # by the position of a window's start

    def grouping(self, spark: Any, frame: Frame) -> Grouping:
        """Where the rows' groups are told."""
        start = end = slice_ = None
        slices: tuple[str, ...] = ()
        if frame.granularity is not None:
            start, end = (self._at(side) for side in frame.window())
            if frame.windows is not None:
                self._conditions[start] = frame.windows.condition(_name(start), _name(end))
        model = None if frame.model_id_col is None else self._at(frame.model())
        if frame.slice_key is not None:
            slice_ = self._at(frame.slice_value())
            slices = tuple(row["v"] for row in spark.sql(frame.slices()).collect())
        return Grouping(start=start, end=end, model=model, slice_=slice_, slices=slices)

    def counted(self, column: Column) -> Counted:
        """Where a column's values are."""
        self._values.append(column.as_counted())
        return Counted(position=len(self._told) + len(self._values) - 1, kind=_KINDS.get(column.kind, "other"))

    def query(self) -> str:
        """The relation."""
        told = [f"{expression} AS {_name(at)}" for expression, at in self._told.items()]
        rows = f"SELECT {', '.join([*told, '*'])} FROM {self._source.relation}"
        # A row may be in a window that is computed and in one of another granularity that is not.
        shown = [
            f"CASE WHEN {self._conditions[at]} THEN {_name(at)} END AS {_name(at)}"
            if at in self._conditions
            else _name(at)
            for at in self._told.values()
        ]
        values = [f"{value} AS `:value {n}`" for n, value in enumerate(self._values)]
        wanted = " OR ".join(f"({each})" for each in self._conditions.values()) or "true"
        # Without a name of the rows' own, Spark reads `WHERE (false)` as one, with its columns'.
        return f"SELECT {', '.join([*shown, *values])} FROM ({rows}) AS counted WHERE {wanted}"

    def _at(self, expression: str) -> int:
        return self._told.setdefault(expression, len(self._told))


def _name(at: int) -> str:
    return f"`:told {at}`"
