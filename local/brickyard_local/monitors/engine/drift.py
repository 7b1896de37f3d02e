"""How a group of rows differs from the window before it, and from the baseline. Pure: no I/O.

Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output;
rows of a real workspace (numbers have KS, Wasserstein and PSI, items chi-squared, TV, L-infinity and JS; moments none).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_local.monitors.engine import statistics
from brickyard_local.monitors.engine.frames import ALL_MODELS, Key
from brickyard_local.monitors.engine.profile import TABLE, Profile
from brickyard_local.monitors.engine.shapes import ItemShape, NumberShape

CONSECUTIVE, BASELINE = "CONSECUTIVE", "BASELINE"
_DELTAS = {
    "count_delta": "count",
    "avg_delta": "avg",
    "percent_null_delta": "percent_null",
    "percent_zeros_delta": "percent_zeros",
    "percent_distinct_delta": "percent_distinct",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A profile and what it is compared with."""

    drift_type: str
    now: Profile
    before: Profile


def consecutive(profiles: Mapping[Key, Profile]) -> Iterator[Pair]:
    """Each window with the one that ends where it starts."""
    ends = {(key.end, _group(key)): profile for key, profile in profiles.items()}
    for key, profile in profiles.items():
        before = ends.get((key.start, _group(key)))
        if before is not None and before is not profile:
            yield Pair(drift_type=CONSECUTIVE, now=profile, before=before)


def since(profiles: Mapping[Key, Profile], earlier: Mapping[Key, Profile]) -> Iterator[Pair]:
    """Each group of a snapshot with the same group of the snapshot before it."""
    groups = {_group(key): profile for key, profile in earlier.items()}
    for key, profile in profiles.items():
        if _group(key) in groups:
            yield Pair(drift_type=CONSECUTIVE, now=profile, before=groups[_group(key)])


def from_baseline(profiles: Mapping[Key, Profile], baseline: Mapping[Key, Profile]) -> Iterator[Pair]:
    """Each group with the same slice of the baseline: of the same model, else of all models."""
    groups = {(key.slice_key, key.slice_value, key.model): profile for key, profile in baseline.items()}
    for key, profile in profiles.items():
        before = None
        for model in (key.model, ALL_MODELS, None):
            before = before or groups.get((key.slice_key, key.slice_value, model))
        if before is not None:
            yield Pair(drift_type=BASELINE, now=profile, before=before)


def compared(pair: Pair) -> Iterator[tuple[str, dict[str, Any]]]:
    """Drift metrics by column: of those that both have, and of the table."""
    for column, row in pair.now.rows.items():
        other = pair.before.rows.get(column)
        if other is None:
            continue
        deltas: dict[str, Any] = {name: _delta(row.get(of), other.get(of)) for name, of in _DELTAS.items()}
        if column == TABLE:
            deltas["non_null_columns_delta"] = _columns_delta(row["non_null_columns"], other["non_null_columns"])
        else:
            deltas |= {"data_type": row["data_type"], **_distances(pair, column)}
        yield column, deltas


def _distances(pair: Pair, column: str) -> dict[str, Any]:
    if pair.now.rows[column]["data_type"] in {"timestamp", "timestamp_ntz", "date"}:
        return {}
    now, before = pair.now.shapes.get(column), pair.before.shapes.get(column)
    if isinstance(now, NumberShape) and isinstance(before, NumberShape) and now.spread.size and before.spread.size:
        return statistics.numeric(now.numbers, before.numbers)
    if isinstance(now, ItemShape) and isinstance(before, ItemShape):
        return statistics.categorical(*now.comparable(before))
    return {}


def _delta(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _columns_delta(now: list[str], before: list[str]) -> dict[str, int]:
    return {"added": len(set(now) - set(before)), "missing": len(set(before) - set(now))}


def _group(key: Key) -> tuple[str | None, ...]:
    return key.granularity, key.model, key.slice_key, key.slice_value
