"""Pieces of pages: tables, numbers with intervals, verdicts in their colours; no script, no outside file. Pure."""

import html
import math
from collections.abc import Sequence

from brickyard_pipelines.finetuning.evaluation.judgement import Difference, Outcome
from brickyard_pipelines.finetuning.evaluation.statistics import Mean

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .8rem;border-bottom:1px solid #d8dee6;"
    "text-align:right;vertical-align:top}td:first-child,th:first-child,.words td,.words th{text-align:left}"
    ".no{color:#a3261b}.yes{color:#1d6b3a}.unclear{color:#8a5a00}.note{color:#5a6675}"
    "pre{white-space:pre-wrap;background:#f5f7fa;padding:.5rem;margin:0;max-width:24rem}"
)
_SHADES = {"met": "yes", "better": "yes", "missed": "no", "worse": "no"}


def page(title: str, parts: Sequence[str]) -> str:
    """A whole document of parts that are HTML already."""
    head = f"<meta charset=utf-8><title>{html.escape(title)}</title><style>{STYLE}</style>"
    return f"<!doctype html>{head}<h1>{html.escape(title)}</h1>{''.join(parts)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    """Cells are HTML already; the head is text."""
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table{f' class={kind}' if kind else ''}><tr>{top}</tr>{body}</table>"


def number(value: float | None) -> str:
    """Four digits that count.

    >>> number(0.123456), number(None)
    ('0.1235', 'not measured')
    """
    if value is None or not math.isfinite(value):
        return "not measured"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def interval(mean: Mean) -> str:
    """A mean with its interval."""
    return f"{number(mean.mean)} <span class=note>({number(mean.low)} to {number(mean.high)})</span>"


def outcome_cell(outcome: Outcome) -> str:
    """What was seen, and the verdict."""
    needed = f", {outcome.rows_needed:,} rows could decide" if outcome.rows_needed else ""
    return f"{interval(outcome.mean)} {verdict(outcome.verdict)}<span class=note>{needed}</span>"


def difference_cell(found: Difference) -> str:
    """What was gained, how often, and the verdict."""
    counts = f"{found.wins} won, {found.ties} tied, {found.losses} lost"
    return f"{interval(found.mean)} {verdict(found.verdict)} <span class=note>{counts}</span>"


def verdict(word: str) -> str:
    """A verdict in its colour."""
    return f"<b class={_SHADES.get(word, 'unclear')}>{html.escape(word)}</b>"


def text(value: str, most: int = 600) -> str:
    """A text as it was said, cut where it is long."""
    short = value if len(value) <= most else f"{value[: most - 1]}…"
    return f"<pre>{html.escape(short)}</pre>"
