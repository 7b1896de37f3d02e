"""The rows that are profiled, grouped by window, model and slice: a relation in SQL."""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from brickyard_local.monitors import granularities
from brickyard_local.monitors.engine.columns import Column, quoted

MOST_SLICES = 100
ALL_MODELS = "*"
KEYS = "`:start`, `:end`, `:model`, `:slice`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A version of a table. `relation` is SQL; `version` is None for what has none."""

    relation: str
    log_type: str
    version: int | None
    columns: Sequence[Column]

    def has(self, name: str | None) -> bool:
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One group of rows. `start` and `end` are microseconds since the epoch, None for all of a baseline."""

    start: int | None
    end: int | None
    model: str | None
    slice_key: str | None
    slice_value: str | None
    granularity: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """Windows of one granularity that changed, by where they start and end, and all that end after `since_us`.

    Units: microseconds since the epoch.
    """

    starts: frozenset[int]
    ends: frozenset[int]
    since_us: int | None

    def changed(self, key: Key) -> bool:
        """Whether a group's window is one of them."""
        recent = self.since_us is not None and key.end is not None and key.end > self.since_us
        return recent or key.start in self.starts

    def condition(self, start: str = "`:start`", end: str = "`:end`") -> str:
        """Of the rows in them, and in the windows right before and after, which are compared with them.

        Whole windows only: half of one would look like a drift. `start`, `end` are columns of each row's window.
        """
        parts = [] if self.since_us is None else [f"{end} > {self.since_us}L"]
        for side, moments in ((start, self.starts | self.ends), (end, self.starts)):
            parts += [f"{side} IN ({', '.join(f'{each}L' for each in sorted(moments))})"] if moments else []
        return " OR ".join(parts) or "false"


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """How the rows of a source are grouped. `fixed` is the window of a snapshot; a baseline has neither window."""

    source: Source
    granularity: str | None = None
    timestamp_col: str | None = None
    fixed: int | None = None
    windows: Windows | None = None
    model_id_col: str | None = None
    slice_key: str | None = None

    def window(self) -> tuple[str, str]:
        """Expressions of where a row's window starts and ends."""
        if self.granularity is None:
            moment = "CAST(NULL AS BIGINT)" if self.fixed is None else f"{self.fixed}L"
            return moment, moment
        at = f"CAST({quoted(self.timestamp_col or '')} AS TIMESTAMP)"
        start, end = granularities.start(self.granularity, at), granularities.end(self.granularity, at)
        return f"unix_micros({start})", f"unix_micros({end})"

    def model(self) -> str:
        """The expression of a row's model."""
        return f"CAST({quoted(self.model_id_col)} AS STRING)" if self.model_id_col else "CAST(NULL AS STRING)"

    def slice_value(self) -> str:
        """The expression of a row's slice."""
        return f"CAST(({self.slice_key}) AS STRING)" if self.slice_key else "CAST(NULL AS STRING)"

    def slices(self) -> str:
        """A query of the values of the slice that are kept, as `v`: the most frequent of all rows of the source."""
        named = f"SELECT {self.slice_value()} AS v FROM {self.source.relation}"
        counts = f"SELECT v, count(*) AS n FROM ({named}) WHERE v IS NOT NULL GROUP BY v"
        return f"SELECT v FROM ({counts} ORDER BY n DESC, v LIMIT {MOST_SLICES})"

    def relation(self) -> str:
        """Every row with the columns of its key before its own."""
        start, end = self.window()
        rows = (
            f"SELECT {start} AS `:start`, {end} AS `:end`, {self.model()} AS `:model`, "
            f"{self.slice_value()} AS `:slice`, * FROM {self.source.relation}"
        )
        if self.slice_key is not None:
            rows = f"SELECT * FROM ({rows}) WHERE `:slice` IN ({self.slices()})"
        if self.windows is not None:
            rows = f"SELECT * FROM ({rows}) WHERE `:start` IS NOT NULL AND ({self.windows.condition()})"
        return f"({rows})"

    def selected(self, select: str, relation: str | None = None, *, by: str = "") -> str:
        """A query that aggregates each group; of an inference log each model's, and all models' together.

        `by` are further columns of the groups.
        """
        model = "CAST(NULL AS STRING)"
        group = f"{KEYS}{by}"
        if self.model_id_col:
            model = f"CASE WHEN grouping(`:model`) = 1 THEN '{ALL_MODELS}' ELSE `:model` END"
            group = f"GROUPING SETS (({KEYS}{by}), (`:start`, `:end`, `:slice`{by}))"
        return (
            f"SELECT `:start` AS `:s`, `:end` AS `:e`, {model} AS `:m`, `:slice` AS `:v`, {select} "
            f"FROM {relation or self.relation()} GROUP BY {group}"
        )

    def key(self, row: Any) -> Key:
        """The key of a row that `selected` gave."""
        return Key(
            start=row[":s"],
            end=row[":e"],
            model=row[":m"],
            slice_key=self.slice_key,
            slice_value=row[":v"],
            granularity=self.granularity,
        )
