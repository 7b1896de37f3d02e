"""Which windows a refresh computes: what the table's change data feed says, or all since a moment.

Of an inference log or a time series, the first refresh analyses the 30 days before the monitor was made; after that
"all new data is processed": rows that came since, whatever time they are of. The feed names them. Without one they
cannot be told, and every refresh computes all windows since those 30 days.
Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling (best practice: enable change data feed)
"""

# ruff: noqa: S608 - names are quoted

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.errors import PySparkException

from brickyard_local.monitors import granularities
from brickyard_local.monitors.engine.columns import quoted, quoted_table
from brickyard_local.monitors.engine.frames import Key, Windows
from brickyard_local.monitors.engine.request import Request

_NONE = Windows(starts=frozenset(), ends=frozenset(), since_us=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysed:
    """The windows of a refresh, by granularity; of a snapshot all there is."""

    windows: Mapping[str, Windows]

    def profiled(self, key: Key) -> bool:
        """Whether the profile of a group is written."""
        return self._windows(key).changed(key)

    def compared(self, key: Key) -> bool:
        """Whether its drift is: that of the window after one that changed is another, too."""
        return self._windows(key).changed(key) or key.start in self._windows(key).ends

    def _windows(self, key: Key) -> Windows:
        return self.windows.get(key.granularity or "", _NONE)


def analysed(spark: Any, request: Request, version: int) -> Analysed:
    """What changed up to a version of the table: since the last refresh where the feed can say it.

    A baseline may have changed as well, and a definition: then all that ever came since the first refresh is computed.
    """
    if request.analysed_version is not None and request.baseline is None:
        changed = _changed(spark, request, request.analysed_version, version, None)
        if changed is not None:
            return Analysed(windows=changed)
    first = version if request.first_version is None else request.first_version
    came = _changed(spark, request, first, version, request.begins_us)
    recent = Windows(starts=frozenset(), ends=frozenset(), since_us=request.begins_us)
    return Analysed(windows=came or dict.fromkeys(request.granularities, recent))


def _changed(
    spark: Any, request: Request, since: int, version: int, since_us: int | None
) -> Mapping[str, Windows] | None:
    """Windows with rows that were inserted, changed or deleted; None where the table has no feed from there on."""
    if since >= version:
        nothing = Windows(starts=frozenset(), ends=frozenset(), since_us=since_us)
        return dict.fromkeys(request.granularities, nothing) if since == version else None
    moment = f"CAST({quoted(request.timestamp_col or '')} AS TIMESTAMP)"
    sides = ((side, of) for of in request.granularities for side in (granularities.start, granularities.end))
    terms = [f"collect_set(unix_micros({side(of, moment)})) AS `{n}`" for n, (side, of) in enumerate(sides)]
    name = quoted_table(request.table).replace("\\", "\\\\").replace("'", "\\'")
    try:
        found = spark.sql(f"SELECT {', '.join(terms)} FROM table_changes('{name}', {since + 1}, {version})").collect()[
            0
        ]
    except PySparkException:
        return None
    return {
        of: Windows(starts=frozenset(found[str(2 * n)]), ends=frozenset(found[str(2 * n + 1)]), since_us=since_us)
        for n, of in enumerate(request.granularities)
    }
