"""What was measured as a page a person can read, with pictures; no script, no outside file. Pure."""

import datetime as dt
import html
from collections.abc import Mapping, Sequence

from brickyard_pipelines.ml.monitoring.charts import Line, chart
from brickyard_pipelines.ml.monitoring.known_metrics import METRICS, breach_is_above
from brickyard_pipelines.ml.monitoring.metrics_table import ALL_MODELS, MetricRow
from brickyard_pipelines.ml.project.retraining import Limit

_BLUE, _GREY, _GREEN = "#1f5fa8", "#6b7785", "#2b7a4b"
_ESTIMATED = ("log_loss", "brier", "accuracy", "roc_auc")
_ABOUT_ESTIMATES = (
    "Estimates come from the predictions alone, before labels; the band is where chance would put 95 of 100 windows."
)
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;border-bottom:1px solid #d8dee6;"
    "text-align:right}td:first-child,th:first-child{text-align:left}.no{color:#a3261b;font-weight:600}"
    "figure{margin:1.2rem 0}figcaption{font-size:13px}.bar{display:inline-block;height:.7rem;background:#1f5fa8}"
    ".note{color:#5a6675}"
)


def page(
    title: str,
    rows: Sequence[MetricRow],
    *,
    limits: Sequence[Limit],
    features: Mapping[str, tuple[float, float]],
    drift_said: str,
) -> str:
    """One HTML page: the newest window beside the limits, every metric over time, features by what their drift weighs.

    *Shapes*: `features` holds drift (0 to 1) and importance (a share) by name, of the newest window.
    """
    whole = [row for row in rows if row.of_the_whole]
    starts = sorted({row.window_start for row in whole})
    bounds = {limit.metric: limit.threshold for limit in limits}
    last = f"{starts[-1]:%Y-%m-%d}" if starts else "none"
    scored_by = html.escape(_versions(rows, starts))
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>Windows by prediction moment, UTC. Newest: {last}. Scored by {scored_by}.</p>",
        "<h2>Newest window</h2>",
        _newest(whole, starts, bounds),
        "<h2>Quality</h2>",
        f"<p class=note>{_ABOUT_ESTIMATES}</p>",
        *(_quality(whole, starts, metric, bounds) for metric in _ESTIMATED),
        f"<h2>Drift</h2><p class=note>Feature drift: {html.escape(drift_said)}.</p>",
        _lines(whole, starts, "Drift, 0 to 1", ("feature_drift", "prediction_drift"), bounds),
        _features(features),
        "<h2>Rows and labels</h2>",
        _lines(whole, starts, "Rows", ("rows", "labelled_rows"), bounds),
        "<h2>Endpoint</h2>" if any(row.metric.startswith("endpoint_") for row in whole) else "",
        _lines(whole, starts, "Latency, ms", ("endpoint_latency_p50_ms", "endpoint_latency_p99_ms"), bounds),
        _lines(whole, starts, "Share of failed requests", ("endpoint_error_rate",), bounds),
    ]
    head = f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    return head + "".join(parts)


def _versions(rows: Sequence[MetricRow], starts: Sequence[dt.datetime]) -> str:
    newest = [row for row in rows if starts and row.window_start == starts[-1] and row.metric == "mean_prediction"]
    named = sorted({row.model_version for row in newest} - {ALL_MODELS})
    return "version " + " and ".join(named) if named else "no version"


def _newest(whole: Sequence[MetricRow], starts: Sequence[dt.datetime], bounds: Mapping[str, float]) -> str:
    lines = []
    for row in sorted(whole, key=lambda row: row.metric):
        if row.window_start != starts[-1] or row.metric not in METRICS:
            continue
        limit = bounds.get(row.metric)
        broken = limit is not None and (row.value > limit if breach_is_above(row.metric) else row.value < limit)
        said = "" if limit is None else f"{'at most' if breach_is_above(row.metric) else 'at least'} {limit:g}"
        state = "<span class=no>broken</span>" if broken else ("kept" if said else "")
        title = html.escape(METRICS[row.metric].title)
        lines.append(f"<tr><td>{title}<td>{row.value:.4g}{_range(row)}<td>{row.rows:,}<td>{said}<td>{state}")
    return f"<table><tr><th>metric<th>value<th>rows<th>limit<th></tr>{''.join(lines)}</table>"


def _range(row: MetricRow) -> str:
    return "" if row.low is None or row.high is None else f" ({row.low:.4g} to {row.high:.4g})"


def _quality(
    whole: Sequence[MetricRow], starts: Sequence[dt.datetime], metric: str, bounds: Mapping[str, float]
) -> str:
    known, guess = _by_start(whole, metric), _by_start(whole, f"expected_{metric}")
    lines = [
        Line(
            name="estimated before labels",
            color=_GREY,
            values=[guess[s].value if s in guess else None for s in starts],
            low=[guess[s].low if s in guess else None for s in starts],
            high=[guess[s].high if s in guess else None for s in starts],
            dashed=True,
        ),
        Line(name="with labels", color=_BLUE, values=[known[s].value if s in known else None for s in starts]),
    ]
    return chart(METRICS[metric].title, _named(starts), lines, bounds.get(metric))


def _lines(
    whole: Sequence[MetricRow],
    starts: Sequence[dt.datetime],
    title: str,
    metrics: Sequence[str],
    bounds: Mapping[str, float],
) -> str:
    lines = []
    for metric, color in zip(metrics, (_BLUE, _GREEN), strict=False):
        found = _by_start(whole, metric)
        values = [found[s].value if s in found else None for s in starts]
        lines.append(Line(name=metric.replace("_", " "), color=color, values=values))
    limit = next((bounds[metric] for metric in metrics if metric in bounds), None)
    return chart(title, _named(starts), lines, limit)


def _features(features: Mapping[str, tuple[float, float]]) -> str:
    """By what the drift of each weighs in the sum."""
    if not features:
        return ""
    order = sorted(features.items(), key=lambda item: (-item[1][0] * item[1][1], item[0]))
    lines = [
        f"<tr><td>{html.escape(name)}<td>{moved:.3f}<td>{share:.1%}<td>{moved * share:.4f}"
        f"<td style='text-align:left'><span class=bar style='width:{moved * 12:.2f}rem'></span>"
        for name, (moved, share) in order
    ]
    head = "<tr><th>feature<th>drift<th>importance<th>weighs<th style='text-align:left'>drift, 0 to 1</tr>"
    return f"<table>{head}{''.join(lines)}</table>"


def _by_start(whole: Sequence[MetricRow], metric: str) -> dict[dt.datetime, MetricRow]:
    return {row.window_start: row for row in whole if row.metric == metric}


def _named(starts: Sequence[dt.datetime]) -> list[str]:
    short = all(start.day == 1 and start.hour == 0 for start in starts)
    return [f"{start:%Y-%m}" if short else f"{start:%m-%d}" for start in starts]
