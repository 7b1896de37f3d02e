"""One refresh, from the monitored table to the metric tables."""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from brickyard_local.monitors.engine import drift
from brickyard_local.monitors.engine.changes import Analysed, analysed
from brickyard_local.monitors.engine.columns import columns, quoted_table
from brickyard_local.monitors.engine.custom import CustomMetrics
from brickyard_local.monitors.engine.drift import Pair, compared
from brickyard_local.monitors.engine.frames import Frame, Key, Source
from brickyard_local.monitors.engine.output import (
    NOTHING,
    MetricTable,
    drift_columns,
    key_values,
    profile_columns,
    window,
)
from brickyard_local.monitors.engine.profile import Profile, profiles
from brickyard_local.monitors.engine.quality import Quality
from brickyard_local.monitors.engine.request import Request

_INPUT, _BASELINE = "INPUT", "BASELINE"
_PROFILES, _PAIRS = "profiles", "pairs"
Profiles = dict[Key, Profile]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a refresh computed: profiles of the table and of the baseline, and which are compared."""

    now: Profiles
    baseline: Profiles
    pairs: Sequence[Pair]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """Computes the windows that changed (see `changes`); of a snapshot the one of now."""

    spark: Any
    request: Request

    def run(self) -> int:
        """The version of the table that was analysed. Errors: PySparkException, jinja2.TemplateError."""
        source = self._source(self.request.table, _INPUT)
        version = source.version or 0
        chosen = Analysed(windows={})
        if self.request.timestamp_col is not None:
            chosen = analysed(self.spark, self.request, version)
        with ThreadPoolExecutor() as beside:
            made = [beside.submit(table.made) for table in self._tables()]
            now = self._profiles(self._frames(source, chosen))
            profile_table, drift_table = (each.result() for each in made)
        baseline: Profiles = {}
        if self.request.baseline:
            known = self._source(self.request.baseline, _BASELINE)
            baseline = self._profiles(self._whole(known))
        pairs = [*self._consecutive(now, source), *drift.from_baseline(now, baseline)]
        pairs = [pair for pair in pairs if self._is_snapshot or chosen.compared(pair.now.key)]
        self._write((profile_table, drift_table), source, chosen, Found(now=now, baseline=baseline, pairs=pairs))
        return version

    # What is profiled

    def _source(self, table: str, log_type: str, version: int | None = None) -> Source:
        """A version of a table, the newest if none is named: so that all queries of a refresh see the same rows."""
        name = quoted_table(table)
        if version is None:
            version = int(self.spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"])
        rows = self.spark.sql(f"SELECT * FROM {name} VERSION AS OF {version}")
        # A view keeps the version's files: every query would else ask Unity Catalog and read the table's log anew.
        view = f"{log_type.lower()}_{version}"
        rows.createOrReplaceTempView(view)
        return Source(relation=view, log_type=log_type, version=version, columns=columns(rows.schema))

    @property
    def _is_snapshot(self) -> bool:
        return self.request.timestamp_col is None

    def _frames(self, source: Source, chosen: Analysed) -> list[Frame]:
        if self._is_snapshot:
            return self._whole(source, fixed=self.request.refreshed_us)
        return [
            Frame(
                source=source,
                granularity=granularity,
                timestamp_col=self.request.timestamp_col,
                windows=chosen.windows[granularity],
                model_id_col=self.request.model_id_col,
                slice_key=slice_key,
            )
            for granularity in self.request.granularities
            for slice_key in (None, *self.request.slicing_exprs)
        ]

    def _whole(self, source: Source, *, fixed: int | None = None) -> list[Frame]:
        model = self.request.model_id_col if source.has(self.request.model_id_col) else None
        return [
            Frame(source=source, fixed=fixed, model_id_col=model, slice_key=slice_key)
            for slice_key in (None, *self.request.slicing_exprs)
        ]

    def _profiles(self, frames: Sequence[Frame]) -> Profiles:
        source = frames[0].source
        aggregates = CustomMetrics(request=self.request).aggregates([column.name for column in source.columns])
        return profiles(self.spark, frames, aggregates, self._quality(source))

    def _quality(self, source: Source) -> Quality | None:
        log = self.request.inference_log
        named = {column.name: column for column in source.columns}
        if not {log.get("label_col"), log.get("prediction_col")} <= named.keys():
            return None
        return Quality(
            problem_type=log["problem_type"], prediction=named[log["prediction_col"]], label=named[log["label_col"]]
        )

    def _consecutive(self, now: Profiles, source: Source) -> Iterable[Pair]:
        if not self._is_snapshot:
            return drift.consecutive(now)
        earlier = self._earlier(source)
        return drift.since(now, earlier)

    def _earlier(self, source: Source) -> Profiles:
        """The snapshot before this one, computed anew from the version of the table that it was of."""
        found = self.spark.sql(
            f"SELECT unix_micros(window.start) AS at, logging_table_commit_version AS version "
            f"FROM {quoted_table(self.request.profile_table)} WHERE log_type = 'INPUT' AND granularity IS NULL AND "
            f"window.start < timestamp_micros({self.request.refreshed_us}L) "
            "ORDER BY 1 DESC LIMIT 1"
        ).collect()
        if not found or found[0]["version"] > (source.version or 0):
            return {}
        past = self._source(self.request.table, _INPUT, found[0]["version"])
        return self._profiles(self._whole(past, fixed=found[0]["at"]))

    # What is written

    def _write(self, tables: tuple[MetricTable, MetricTable], source: Source, chosen: Analysed, found: Found) -> None:
        """Both tables at once: each is a commit of its own, and most of its time is Delta's."""
        now, pairs = found.now, found.pairs
        shown = self._distinct([*now.values(), *found.baseline.values(), *(pair.before for pair in pairs)])
        rows, places = self._profile_rows(shown, source, tables[0])
        drifts = self._drift_rows(pairs, places)
        fresh = [each for key, each in now.items() if self._is_snapshot or chosen.profiled(key)]
        keep = {
            n for profile in self._distinct([*fresh, *found.baseline.values()]) for n in places[id(profile)].values()
        }
        replaced = self._replaced(each.key for each in fresh)
        if self.request.baseline or self.request.analysed_version is None:  # a definition before may have had one
            replaced = f"log_type = '{_BASELINE}' OR {replaced}"
        compared_keys = (key for key in now if self._is_snapshot or chosen.compared(key))
        with ThreadPoolExecutor() as beside:
            ended = [
                beside.submit(tables[0].replace, [row for n, row in enumerate(rows) if n in keep], replaced),
                beside.submit(tables[1].replace, drifts, self._replaced(compared_keys)),
            ]
        for each in ended:
            each.result()

    def _tables(self) -> tuple[MetricTable, MetricTable]:
        custom = CustomMetrics(request=self.request)
        profile, drifts = profile_columns(self.request, custom), drift_columns(self.request, custom)
        return (
            MetricTable(spark=self.spark, name=self.request.profile_table, columns=profile),
            MetricTable(spark=self.spark, name=self.request.drift_table, columns=drifts),
        )

    def _profile_rows(
        self, shown: Sequence[Profile], source: Source, table: MetricTable
    ) -> tuple[list[Row], dict[int, dict[str, int]]]:
        """Rows of the profile with derived metrics, and where each profile's columns are among them."""
        rows: list[Row] = []
        places: dict[int, dict[str, int]] = {}
        for profile in shown:
            places[id(profile)] = {}
            common = key_values(self.request, profile.key)
            input_ = profile.key.start is not None
            common |= {
                "log_type": _INPUT if input_ else _BASELINE,
                "logging_table_commit_version": source.version if input_ else None,
            }
            for column, row in profile.rows.items():
                places[id(profile)][column] = len(rows)
                rows.append({**common, "column_name": column, **row})
        custom = CustomMetrics(request=self.request)
        if self.request.custom_metrics:
            table.show(rows, _PROFILES)
            custom.derive(self.spark, _PROFILES, rows)
            table.show(rows, _PROFILES)
        return rows, places

    def _drift_rows(self, pairs: Sequence[Pair], places: dict[int, dict[str, int]]) -> list[Row]:
        rows: list[Row] = []
        compares: list[tuple[int, int, int]] = []
        for pair in pairs:
            for column, deltas in compared(pair):
                compares.append((len(rows), places[id(pair.now)][column], places[id(pair.before)][column]))
                common = key_values(self.request, pair.now.key)
                common |= {"column_name": column, "drift_type": pair.drift_type, "window_cmp": window(pair.before.key)}
                rows.append({**common, **deltas})
        if self.request.custom_metrics and rows:
            view = self.spark.createDataFrame(compares, "`:row` int, `:now` int, `:before` int")
            view.createOrReplaceTempView(_PAIRS)
            CustomMetrics(request=self.request).compare(self.spark, (_PROFILES, _PAIRS), rows)
        return rows

    def _replaced(self, computed: Iterable[Key]) -> str:
        """Rows that this refresh computed anew. Windows whose rows were deleted from the table keep their metrics."""
        if self._is_snapshot:
            return f"window.start = timestamp_micros({self.request.refreshed_us}L)"
        starts: dict[str, set[int]] = {}
        for key in computed:
            if key.granularity is not None and key.start is not None:
                starts.setdefault(key.granularity, set()).add(key.start)
        named = [
            f"(granularity = '{of}' AND window.start IN ({', '.join(f'timestamp_micros({n}L)' for n in sorted(own))}))"
            for of, own in starts.items()
        ]
        return f"({' OR '.join(named)})" if named else NOTHING

    def _distinct(self, found: Iterable[Profile]) -> list[Profile]:
        return list({id(profile): profile for profile in found}.values())
