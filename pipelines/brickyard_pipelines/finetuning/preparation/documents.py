"""What stands in a source under the keys that shapes know, and a row on its way from there into the version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_pipelines.finetuning.plan.document import Source
from brickyard_pipelines.finetuning.rows.canonical import Row
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown
from brickyard_pipelines.finetuning.sources.lines import Found
from brickyard_pipelines.finetuning.templates.masks import Tokens
from brickyard_pipelines.finetuning.templates.rendering import Rendered

_ASKED = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A row on its way into the next batch."""

    split: str
    found: Found
    row: Row
    rendered: Rendered
    kept: str
    asked: str


def document_of(found: Found, source: Source) -> Mapping[str, Any]:
    """What was read, under the keys that the shapes know.

    Errors: RowRefused where nothing could be read.
    """
    if found.refusal is not None:
        refusal = found.refusal
        raise RowRefused(refusal.reason, refusal.got, refusal.rule, refusal.fix)
    document: Mapping[str, Any] = found.document
    missing = [own for own in (source.columns or {}).values() if own not in document]
    if missing:
        got, fix = f"no {shown(missing[0])}", "Correct `columns` of the source, or the row."
        raise RowRefused(Reason.WRONG_COLUMNS, got, "a row has the columns that the plan names", fix)
    if not source.columns:
        return document
    rest = {key: value for key, value in document.items() if key not in source.columns.values()}
    return rest | {name: document[own] for name, own in source.columns.items()}


def asked(document: Mapping[str, Any]) -> str:
    """What a row asks, as it is kept, without its last answer: two splits must not ask the same."""
    if "messages" in document:
        return _ASKED([m for m in document["messages"][:-1] if m["role"] != "system"])
    return str(document.get("prompt", document.get("text")))


def sample(waiting: Waiting, tokens: Tokens) -> dict[str, Any]:
    """One rendered row for the report, cut into what is learnt and what is not."""
    at, pieces = 0, list[tuple[str, bool]]()
    for begin, end in waiting.rendered.spans:
        pieces += [(waiting.rendered.text[at:begin], False), (waiting.rendered.text[begin:end], True)]
        at = end
    pieces.append((waiting.rendered.text[at:], False))
    place = f"{waiting.found.file}:{waiting.found.line}"
    shown_pieces = [[text[:1000], learnt] for text, learnt in pieces if text]
    return {"place": place, "tokens": len(tokens.ids), "loss_tokens": tokens.loss_tokens, "pieces": shown_pieces}
