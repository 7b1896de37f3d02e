"""The evidence of a verdict as a page a person can read, with its pictures; no script, no outside file. Pure."""

import html
import math
from collections.abc import Mapping, Sequence

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.evaluation.holdout import Comparison
from brickyard_pipelines.ml.evaluation.mcnemar import Decisions
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin
from brickyard_pipelines.ml.evaluation.slices import Group
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict

_SIDE = 260
_WIDE, _LINE = 420, 22
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .8rem;border-bottom:1px solid #d8dee6;"
    "text-align:right;vertical-align:top}td:first-child,th:first-child{text-align:left}.no{color:#a3261b}"
    ".yes{color:#1d6b3a}.unclear{color:#8a5a00}.words td,.words th{text-align:left}"
    "svg text{font-size:12px;fill:#1c2430}"
)
_WORDS = {"yes": "holds", "no": "does not hold", "unclear": "undecided"}
_SHADES = {"holds": "yes", "worse": "no", "undecided": "unclear"}


def page(title: str, verdict: Verdict, comparison: Comparison, facts: Mapping[str, str]) -> str:
    """One HTML page: verdict, conditions, gains, metrics of the model beside its rivals, groups, calibration."""
    word = "passed" if verdict.passed else "refused"
    gains = dict(comparison.evidence.baseline_gains)
    if comparison.evidence.champion_gain is not None:
        gains["champion"] = comparison.evidence.champion_gain
    parts = [
        f"<h1>{html.escape(title)}: <span class={'yes' if verdict.passed else 'no'}>{word}</span></h1>",
        _table(["", *facts], [["", *facts.values()]]) if facts else "",
        "<h2>Conditions</h2>",
        _conditions(verdict),
        "<h2>On the hold-out</h2>",
        _metrics(comparison.rivals),
        "<h2>Gains</h2><p>Less loss than each rival on the same rows; the bar is the interval over days.</p>",
        gains_picture(gains),
        _decisions(comparison.decisions),
        _groups(comparison.evidence.groups),
        "<h2>Calibration</h2><p>Ten bins of equally many rows: what was said, what happened.</p>",
        calibration_picture(comparison.calibration),
    ]
    head = f"<meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html>{head}" + "".join(parts)


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


def gains_picture(gains: Mapping[str, Gain]) -> str:
    """An interval per rival, with the line of no gain, as SVG; what is no number is left out and told."""
    drawn = {name: gain for name, gain in gains.items() if all(map(math.isfinite, (gain.low, gain.mean, gain.high)))}
    if not drawn:
        return "<p>No gain could be computed.</p>"
    ends = [0.0, *(end for gain in drawn.values() for end in (gain.low, gain.high))]
    low, width = min(ends), max(max(ends) - min(ends), 1e-9)

    def across(value: float) -> float:
        return 130 + (value - low) / width * (_WIDE - 150)

    lines = [f"<line x1='{across(0):.1f}' x2='{across(0):.1f}' y1='0' y2='{len(drawn) * _LINE}' stroke='#9aa5b1'/>"]
    for number, (name, gain) in enumerate(drawn.items()):
        y = number * _LINE + _LINE / 2
        span = f"x1='{across(gain.low):.1f}' x2='{across(gain.high):.1f}' y1='{y}' y2='{y}'"
        lines += [
            f"<text x='0' y='{y + 4}'>{html.escape(name)}</text>",
            f"<line {span} stroke='#1f5fa8' stroke-width='3'><title>{html.escape(str(gain))}</title></line>",
            f"<circle cx='{across(gain.mean):.1f}' cy='{y}' r='5' fill='#1f5fa8'/>",
            f"<text x='{_WIDE + 5}' y='{y + 4}'>{html.escape(str(gain))}</text>",
        ]
    box = f"viewBox='0 0 {_WIDE + 190} {len(drawn) * _LINE + 4}' width='{_WIDE + 190}' role='img'"
    return f"<svg {box} aria-label='Gains'>{''.join(lines)}</svg>"


def _conditions(verdict: Verdict) -> str:
    cells = [[item.name, item.said, item.needed, _WORDS[_shade(item)]] for item in verdict.conditions]
    shades = [_shade(item) for item in verdict.conditions]
    return _table(["condition", "what was seen", "what is needed", ""], cells, shades=shades, kind="words")


def _shade(item: Condition) -> str:
    if not item.decided:
        return "unclear"
    return "yes" if item.passed else "no"


def _metrics(metrics: Mapping[str, Mapping[str, float]]) -> str:
    names = list(next(iter(metrics.values()), {}))
    cells = [[rival, *(f"{scores[name]:.4g}" for name in names)] for rival, scores in metrics.items()]
    return _table(["", *(name.replace("_", " ") for name in names)], cells)


def _decisions(found: Decisions | None) -> str:
    if found is None:
        return ""
    return (
        f"<p>Deciding at one half, only this version is right on {found.only_candidate} rows and only the champion on"
        f" {found.only_champion} (McNemar, exact: p = {found.p_value:.3g}; it takes rows as independent).</p>"
    )


def _groups(groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    cells = [[g.column, g.value, f"{g.rows:,}", f"{g.loss:.4f}", g.standing, g.why] for g in groups]
    shades = [_SHADES[group.standing] for group in groups]
    return "<h2>Groups</h2>" + _table(["column", "value", "rows", "loss", "", "why"], cells, shades=shades)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, shades: Sequence[str] = (), kind: str = "") -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    classes = [f" class={shade}" for shade in shades] or [""] * len(rows)
    body = "".join(
        f"<tr{shade}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for shade, row in zip(classes, rows, strict=True)
    )
    return f"<table{f' class={kind}' if kind else ''}><tr>{top}</tr>{body}</table>"
