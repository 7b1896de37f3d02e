"""The evidence of a verdict as a page a person can read, with its picture; no script, no outside file. Pure."""

import html
from collections.abc import Mapping, Sequence

from brickyard_pipelines.ml.evaluation.gate import Verdict
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin

_SIDE = 260
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .8rem;border-bottom:1px solid #d8dee6;"
    "text-align:right}td:first-child,th:first-child{text-align:left}.no{color:#a3261b}.yes{color:#1d6b3a}"
)


def page(
    title: str,
    verdict: Verdict,
    metrics: Mapping[str, Mapping[str, float]],
    bins: Sequence[CalibrationBin],
    facts: Mapping[str, str],
) -> str:
    """One HTML page: verdict, conditions, metrics of the model beside its rivals, calibration."""
    word = "passed" if verdict.passed else "refused"
    parts = [
        f"<h1>{html.escape(title)}: <span class={'yes' if verdict.passed else 'no'}>{word}</span></h1>",
        _table(["", *facts], [["", *facts.values()]]) if facts else "",
        "<h2>Conditions</h2>",
        _conditions(verdict),
        "<h2>On the hold-out</h2>",
        _metrics(metrics),
        "<h2>Calibration</h2><p>Ten bins of equally many rows: what was said, what happened.</p>",
        calibration_picture(bins),
    ]
    return f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>" + "".join(
        parts
    )


def calibration_picture(bins: Sequence[CalibrationBin]) -> str:
    """Said against happened, the diagonal being perfect, as SVG."""
    dots = "".join(
        f"<circle cx='{part.mean_prediction * _SIDE:.1f}' cy='{(1 - part.observed_rate) * _SIDE:.1f}' r='5'>"
        f"<title>said {part.mean_prediction:.1%}, happened {part.observed_rate:.1%}, {part.rows} rows</title></circle>"
        for part in bins
    )
    frame = f"<rect width='{_SIDE}' height='{_SIDE}' fill='none' stroke='#9aa5b1'/>"
    diagonal = f"<line x1='0' y1='{_SIDE}' x2='{_SIDE}' y2='0' stroke='#9aa5b1' stroke-dasharray='4'/>"
    box = f"viewBox='-10 -10 {_SIDE + 20} {_SIDE + 20}' width='{_SIDE}' role='img' fill='#1f5fa8'"
    return f"<svg {box} aria-label='Calibration'>{frame}{diagonal}{dots}</svg>"


def _conditions(verdict: Verdict) -> str:
    cells = [
        [item.name, item.said, item.needed, "holds" if item.passed else "does not hold"] for item in verdict.conditions
    ]
    return _table(["condition", "what was seen", "what is needed", ""], cells)


def _metrics(metrics: Mapping[str, Mapping[str, float]]) -> str:
    names = list(next(iter(metrics.values()), {}))
    cells = [[rival, *(f"{scores[name]:.4g}" for name in names)] for rival, scores in metrics.items()]
    return _table(["", *(name.replace("_", " ") for name in names)], cells)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
