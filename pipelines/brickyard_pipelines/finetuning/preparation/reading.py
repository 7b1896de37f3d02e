"""The one pass over the sources: every row becomes canonical, rendered and tokenised, or is refused with its place."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from brickyard_pipelines.finetuning.plan.document import Plan, Shape, Source
from brickyard_pipelines.finetuning.preparation import digests, pii
from brickyard_pipelines.finetuning.preparation.account import SPLITS, Account
from brickyard_pipelines.finetuning.preparation.disk_index import DiskIndex
from brickyard_pipelines.finetuning.preparation.quarantine import Quarantine
from brickyard_pipelines.finetuning.preparation.spool import Prepared, Spool
from brickyard_pipelines.finetuning.rows.canonical import Row
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown
from brickyard_pipelines.finetuning.rows.rules import fitted
from brickyard_pipelines.finetuning.rows.shapes import convert, shape_of
from brickyard_pipelines.finetuning.sources.lines import Found
from brickyard_pipelines.finetuning.sources.opening import rows_of
from brickyard_pipelines.finetuning.templates.masks import Masker, Tokens
from brickyard_pipelines.finetuning.templates.rendering import Rendered

_BATCH_ROWS, _BATCH_BYTES = 256, 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A row on its way into the next batch."""

    split: str
    found: Found
    row: Row
    rendered: Rendered
    kept: str


@dataclass(kw_only=True, slots=True)
class Reader:
    """Reads all splits into the spool and the indices."""

    plan: Plan
    root: Path
    masker: Masker
    spool: Spool
    quarantine: Quarantine
    same: DiskIndex
    near: DiskIndex
    ids: DiskIndex
    asked: DiskIndex
    accounts: Mapping[str, Account]
    samples: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        """Everything that the plan names, what is held out first."""
        for split in SPLITS:
            for source in getattr(self.plan.data, split):
                self._source(split, source)

    def _source(self, split: str, source: Source) -> None:
        shape, held, size = source.shape, list[Waiting](), 0
        for each in rows_of(source, root=self.root, max_bytes=self.plan.data.max_row_bytes):
            found = replace(each, file=each.file.removeprefix(f"{self.root}/"))  # a version is the same in any folder
            try:
                document = _document(found, source)
                shape = shape or shape_of(document)
                waiting = self._waiting(split, found, document, shape)
            except RowRefused as refused:
                self._count(split, found)
                self._refuse(split, found, refused)
                continue
            self._count(waiting.split, found)
            held.append(waiting)
            size += found.bytes
            if len(held) >= _BATCH_ROWS or size >= _BATCH_BYTES:
                self._batch(held)
                held, size = [], 0
        self._batch(held)

    def _waiting(self, split: str, found: Found, document: Mapping[str, Any], shape: Shape | None) -> Waiting:
        if shape is None:
            got = f"the keys {', '.join(sorted(map(str, document)))[:120] or '(none)'}"
            fix = "Name the source's own keys by `columns`, or convert it."
            raise RowRefused(Reason.UNKNOWN_SHAPE, got, "a row has a shape that is known", fix)
        data = self.plan.data
        as_chat = self.masker.marker is not None
        row = fitted(convert(document, shape), self.plan.approach, data.system_prompt, as_chat=as_chat)
        kinds = pii.kinds_in(row.parts()) if data.pii != "ignore" else ()
        if kinds and data.pii == "quarantine":
            fix = "Remove it from the row, or write pii: flag."
            raise RowRefused(Reason.PII, f"what looks like {', '.join(kinds)}", "rows hold no personal data", fix)
        kept = json.dumps(row.as_json(), ensure_ascii=False, sort_keys=True)
        split = split if split != "train" else self._held_out(document, kept)
        self.accounts[split].pii.update(kinds)
        return Waiting(split=split, found=found, row=row, rendered=self.masker.rendered(row), kept=kept)

    def _held_out(self, document: Mapping[str, Any], kept: str) -> str:
        """The split that a row of train falls into, by its hash: the same row, or group, always into the same."""
        shares = self.plan.data.split
        if not shares.eval and not shares.test:
            return "train"
        by = kept if shares.by is None else str(document.get(shares.by))
        point = int.from_bytes(digests.digest(by)[:8], "little") / 2**64
        return "test" if point < shares.test else "eval" if point < shares.test + shares.eval else "train"

    def _batch(self, held: Sequence[Waiting]) -> None:
        if not held:
            return
        found = self.masker.tokens([each.row for each in held], [each.rendered for each in held])
        fitting: list[tuple[Waiting, Tokens]] = []
        for waiting, tokens in zip(held, found, strict=True):
            checked = self._fits(tokens)
            if isinstance(checked, RowRefused):
                self._refuse(waiting.split, waiting.found, checked)
            else:
                fitting.append((waiting, checked))
        if fitting:
            self._keep(fitting)

    def _fits(self, tokens: Tokens | RowRefused) -> Tokens | RowRefused:
        if isinstance(tokens, RowRefused):
            return tokens
        longest, length = self.plan.data.context_length, len(tokens.ids)
        if length > longest and self.plan.approach != "continued_pretraining":
            fix = "Raise data.context_length, or shorten the row; nothing is cut off silently."
            return RowRefused(Reason.TOO_LONG, f"{length} tokens", f"a row has at most {longest}", fix)
        if not tokens.loss_tokens:
            return RowRefused(Reason.NO_LOSS, "no token with loss", "something is learnt", "Lengthen the response.")
        return tokens

    def _keep(self, fitting: Sequence[tuple[Waiting, Tokens]]) -> None:
        first = self.spool.rows
        signatures = [digests.signature(waiting.row.parts()) for waiting, _ in fitting]
        self.spool.write([self._prepared(*each) for each in fitting], signatures)
        rows = np.arange(first, first + len(fitting), dtype=np.int64)
        self._index(self.same, [waiting.kept for waiting, _ in fitting], rows)
        self._index(self.asked, [_asked(waiting.row) for waiting, _ in fitting], rows)
        named = [(str(i), row) for (w, _), row in zip(fitting, rows, strict=True) if (i := self._id(w)) is not None]
        if named:
            self._index(self.ids, [name for name, _ in named], np.array([row for _, row in named], dtype=np.int64))
        if self.plan.data.near_duplicates.remove:
            keys = digests.band_keys(signatures)
            self.near.add(keys, np.zeros_like(keys), np.repeat(rows, digests.BANDS))
        if len(self.samples) < 20:
            self.samples += [_sample(*each) for each in fitting[: 20 - len(self.samples)]]

    def _index(self, index: DiskIndex, texts: Sequence[str], rows: Any) -> None:
        words = np.frombuffer(b"".join(digests.digest(text) for text in texts), dtype="<u8").reshape(-1, 2)
        index.add(words[:, 0], words[:, 1], rows)

    def _id(self, waiting: Waiting) -> Any:
        document = waiting.found.document
        return document.get(self.plan.data.id_column) if isinstance(document, Mapping) else None

    def _prepared(self, waiting: Waiting, tokens: Tokens) -> Prepared:
        document = waiting.found.document
        slices = {name: str(document[name]) for name in self.plan.data.slices if name in document}
        return Prepared(
            split=waiting.split,
            file=waiting.found.file,
            line=waiting.found.line,
            row=waiting.kept,
            ids=tokens.ids,
            learnt=tokens.learnt,
            slices=slices,
        )

    def _count(self, split: str, found: Found) -> None:
        self.accounts[split].read += 1
        self.accounts[split].bytes += found.bytes

    def _refuse(self, split: str, found: Found, refused: RowRefused) -> None:
        self.accounts[split].refused[refused.refusal.reason.value] += 1
        self.quarantine.refuse(split, found.file, found.line, refused.refusal, found.document)


def _document(found: Found, source: Source) -> Mapping[str, Any]:
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


def _asked(row: Row) -> str:
    """What a row asks, without its last answer: two splits must not ask the same."""
    document = row.as_json()
    if "messages" in document:
        return json.dumps([m for m in document["messages"][:-1] if m["role"] != "system"], sort_keys=True)
    return str(document.get("prompt", document.get("text")))


def _sample(waiting: Waiting, tokens: Tokens) -> dict[str, Any]:
    """One rendered row for the report, cut into what is learnt and what is not."""
    at, pieces = 0, list[tuple[str, bool]]()
    for begin, end in waiting.rendered.spans:
        pieces += [(waiting.rendered.text[at:begin], False), (waiting.rendered.text[begin:end], True)]
        at = end
    pieces.append((waiting.rendered.text[at:], False))
    place = f"{waiting.found.file}:{waiting.found.line}"
    shown_pieces = [[text[:1000], learnt] for text, learnt in pieces if text]
    return {"place": place, "tokens": len(tokens.ids), "loss_tokens": tokens.loss_tokens, "pieces": shown_pieces}


def indices(folder: Path) -> Iterator[DiskIndex]:
    """The four indices: equal rows, near ones, ids, what is asked."""
    return (DiskIndex(folder, name) for name in ("same", "near", "ids", "asked"))
