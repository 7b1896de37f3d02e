"""From counts to rows of metrics.<project>_monitoring. Pure: no Spark."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from brickyard_pipelines.ml.monitoring import estimate, scores
from brickyard_pipelines.ml.monitoring.drift import ColumnDrift, feature_drift
from brickyard_pipelines.ml.monitoring.endpoint import Requests
from brickyard_pipelines.ml.monitoring.metrics_table import MetricRow
from brickyard_pipelines.ml.monitoring.predictions import Counted, Group
from brickyard_pipelines.ml.monitoring.scores import Bins
from brickyard_pipelines.ml.monitoring.windows import end_of

_PREDICTION = "prediction"
_WINDOWS_BEFORE = 6
REFERENCE_WINDOWS = 3  # whose labels calibrate an estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What Spark and the platform said of the windows that are measured.

    `counted` has every window of the table; `bins` those in `starts` and the REFERENCE_WINDOWS before each.
    `newest_row` is when the newest row is of, `now` is now.
    """

    granularity: str
    starts: Sequence[dt.datetime]
    counted: Mapping[dt.datetime, Counted]
    bins: Mapping[Group, Bins]
    drift: Mapping[dt.datetime, Sequence[ColumnDrift]]
    importance: Mapping[str, float]
    requests: Mapping[dt.datetime, Requests]
    newest_row: dt.datetime
    min_rows: int
    now: dt.datetime


def changed(counted: Mapping[dt.datetime, Counted], known: Sequence[MetricRow], *, drifts: bool) -> list[dt.datetime]:
    """The windows to measure: by counts others than when they were measured.

    With them those after them, since drift compares the two; the newest, which grows older; and those that were
    measured before there was a monitor. By counts, not by clocks: what was written
    while the last measuring ran is not missed.
    """
    values = {(row.window_start, row.metric): row.value for row in known if row.of_the_whole}
    order = sorted(counted)
    touched = set(order[-1:])
    for start, after in zip(order, [*order[1:], None], strict=True):
        rows_then, labels_then = values.get((start, "rows")), values.get((start, "labelled_rows"))
        same = (rows_then, labels_then) == (counted[start].rows, counted[start].labelled)
        lacks_drift = drifts and start != order[0] and (start, "prediction_drift") not in values
        touched |= set() if same else {start, *([after] if after else [])}
        touched |= {start} if lacks_drift else set()
    return sorted(touched)


def requests_changed(requests: Mapping[dt.datetime, Requests], known: Sequence[MetricRow]) -> set[dt.datetime]:
    """Windows with other requests to the endpoint than when they were measured."""
    then = {row.window_start: row.value for row in known if row.of_the_whole and row.metric == "endpoint_requests"}
    return {start for start, each in requests.items() if then.get(start) != each.count}


def with_reference(starts: Sequence[dt.datetime], counted: Mapping[dt.datetime, Counted]) -> list[dt.datetime]:
    """The windows, and those before them whose labels calibrate estimates."""
    order = sorted(counted)
    places = [order.index(start) for start in starts]
    return [each for n, each in enumerate(order) if any(at - REFERENCE_WINDOWS <= n <= at for at in places)]


def rows(seen: Seen) -> list[MetricRow]:
    """Every metric of every window that is measured."""
    found: list[MetricRow] = []
    for start in sorted({*seen.starts, *seen.requests}):
        if start in seen.counted:
            found += [*_volume(seen, start), *_drift(seen, start)]
        found += _requests(seen, start)
    for group, bins in seen.bins.items():
        found += _quality(seen, group, bins) if group.window_start in seen.starts else ()
    return found


def _row(seen: Seen, start: dt.datetime, metric: str, value: float, count: int, **more: str) -> MetricRow:
    return MetricRow(
        window_start=start,
        window_end=end_of(seen.granularity, start),
        granularity=seen.granularity,
        metric=metric,
        value=value,
        rows=count,
        **more,  # type: ignore[arg-type]
    )


def _volume(seen: Seen, start: dt.datetime) -> Iterator[MetricRow]:
    """Rows, labels, how that compares with the windows before, and in the newest window how fresh they are."""
    count = seen.counted[start]
    facts = {
        "rows": float(count.rows),
        "labelled_rows": float(count.labelled),
        "label_coverage": count.labelled / count.rows,
    }
    before = [seen.counted[earlier].rows for earlier in sorted(seen.counted) if earlier < start][-_WINDOWS_BEFORE:]
    if before:
        facts["volume_ratio"] = count.rows / median(before)
    if start == max(seen.counted):
        facts["newest_row_age_hours"] = (seen.now - seen.newest_row).total_seconds() / 3600
    for metric, value in facts.items():
        yield _row(seen, start, metric, value, count.rows)


def _drift(seen: Seen, start: dt.datetime) -> Iterator[MetricRow]:
    columns, count = seen.drift.get(start, ()), seen.counted[start].rows
    said = next((column.moved for column in columns if column.column == _PREDICTION), None)
    if said is not None:
        yield _row(seen, start, "prediction_drift", said, count)
    features = feature_drift(columns, seen.importance)
    if features is not None:
        yield _row(seen, start, "feature_drift", features.weighted, count)
        yield _row(seen, start, "worst_feature_drift", features.worst, count)
        for name, moved in features.measured.items():
            yield _row(seen, start, "drift", moved, count, column_name=name)


def _requests(seen: Seen, start: dt.datetime) -> Iterator[MetricRow]:
    requests = seen.requests.get(start)
    for metric, value in requests.metrics().items() if requests else ():
        yield _row(seen, start, metric, value, requests.count if requests else 0)


def _quality(seen: Seen, group: Group, bins: Bins) -> Iterator[MetricRow]:
    """What labels say, and of whole windows what they will say."""
    place = {"model_version": group.model_version}
    if group.slice_key is not None:
        place |= {"slice_key": group.slice_key, "slice_value": str(group.slice_value)}
    mean = float((bins.probability * bins.rows).sum() / bins.total)
    yield _row(seen, group.window_start, "mean_prediction", mean, bins.total, **place)
    for metric, value in scores.realised(bins).items():
        yield _row(seen, group.window_start, metric, value, bins.known, **place)
    if group.slice_key is None:
        for metric, guess in estimate.expected(bins, _reference(seen, group)).items():
            row = _row(seen, group.window_start, metric, guess.value, bins.total, **place)
            yield replace(row, low=guess.low, high=guess.high)


def _reference(seen: Seen, group: Group) -> Bins | None:
    """What labels said of the same version in the windows right before, where there are enough of them."""
    before = [start for start in sorted(seen.counted) if start < group.window_start][-REFERENCE_WINDOWS:]
    parts = [part for start in before if (part := seen.bins.get(replace(group, window_start=start)))]
    known = Bins.together(parts)
    return known if known is not None and known.known >= seen.min_rows else None
