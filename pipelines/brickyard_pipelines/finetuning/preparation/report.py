"""What preparation did, as a page a person can read; no script, no outside file. Pure."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_pipelines.finetuning.plan.document import Plan

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;border-bottom:1px solid #d8dee6;"
    "text-align:right}td:first-child,th:first-child{text-align:left}.bar{display:inline-block;height:.7rem;"
    "background:#1f5fa8}pre{white-space:pre-wrap;background:#f5f7fa;padding:.6rem}mark{background:#cfe8d5}"
    ".note{color:#5a6675}"
)
_PROMISE = "Every row that was read is kept, quarantined or removed; nothing is cut off."


def page(
    plan: Plan, version: str, splits: Mapping[str, Mapping[str, Any]], samples: Sequence[Mapping[str, Any]], *, way: str
) -> str:
    """One HTML page: the account of every split, reasons, lengths, flags, rendered samples.

    *Shapes*: `splits` as `Account.as_json`, `samples` with place, tokens, loss_tokens and pieces of text.
    """
    title = f"{plan.name}: data {version}"
    parts = [
        f"<h1>{html.escape(title)}</h1><p>{html.escape(plan.use_case)}</p>",
        f"<p class=note>{html.escape(plan.approach)}; what is learnt is found by {html.escape(way)}. {_PROMISE}</p>",
        "<h2>Rows</h2>",
        _rows(splits),
        _reasons("Quarantined, see quarantine.jsonl", splits, "quarantined"),
        _reasons("Removed, see removed.jsonl", splits, "removed"),
        _reasons("What looks like personal data or a secret", splits, "pii"),
        f"<h2>Tokens per row, up to</h2><p class=note>The context holds {plan.data.context_length}.</p>",
        _lengths(splits),
        "<h2>Samples as the model sees them</h2><p class=note>Marked: what is learnt.</p>",
        *(_sample(sample) for sample in samples),
    ]
    return (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>{''.join(parts)}"
    )


def _rows(splits: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        [
            split,
            f"{counts['read']:,}",
            f"{counts['kept']:,}",
            f"{sum(counts['quarantined'].values()):,}",
            f"{sum(counts['removed'].values()):,}",
            f"{counts['tokens']:,}",
            f"{counts['loss_tokens'] / counts['tokens']:.1%}" if counts["tokens"] else "",
            f"{counts['longest']:,}",
        ]
        for split, counts in splits.items()
    ]
    head = ["split", "read", "kept", "quarantined", "removed", "tokens", "of them with loss", "longest"]
    return _table(head, lines)


def _reasons(title: str, splits: Mapping[str, Mapping[str, Any]], kind: str) -> str:
    lines = [
        [split, reason.replace("_", " "), f"{count:,}"]
        for split, counts in splits.items()
        for reason, count in counts[kind].items()
    ]
    return f"<h2>{html.escape(title)}</h2>" + (_table(["split", "", "rows"], lines) if lines else "<p>None.</p>")


def _lengths(splits: Mapping[str, Mapping[str, Any]]) -> str:
    counts: dict[int, int] = {}
    for split in splits.values():
        for upto, count in split["lengths"].items():
            counts[int(upto)] = counts.get(int(upto), 0) + count
    most = max(counts.values(), default=1)
    body = "".join(
        f"<tr><td>{upto:,}</td><td>{count:,}</td><td style='text-align:left'><span class=bar"
        f" style='width:{300 * count / most:.0f}px'></span></td></tr>"
        for upto, count in sorted(counts.items())
    )
    return f"<table>{body}</table>"


def _sample(sample: Mapping[str, Any]) -> str:
    text = "".join(
        f"<mark>{html.escape(piece)}</mark>" if learnt else html.escape(piece) for piece, learnt in sample["pieces"]
    )
    place = html.escape(str(sample["place"]))
    return f"<p>{place}: {sample['tokens']} tokens, {sample['loss_tokens']} with loss</p><pre>{text}</pre>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
