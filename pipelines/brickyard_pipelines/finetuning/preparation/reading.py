"""The one pass over the sources: every row becomes canonical, rendered and tokenised, or is refused with its place."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.plan.document import Plan, Shape, Source
from brickyard_pipelines.finetuning.preparation import digests, pii
from brickyard_pipelines.finetuning.preparation.account import SPLITS, Account
from brickyard_pipelines.finetuning.preparation.documents import Waiting, asked, document_of
from brickyard_pipelines.finetuning.preparation.keeping import Keeper
from brickyard_pipelines.finetuning.preparation.quarantine import Quarantine
from brickyard_pipelines.finetuning.rows.canonical import Row
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown
from brickyard_pipelines.finetuning.rows.rules import fitted
from brickyard_pipelines.finetuning.rows.shapes import convert, shape_of
from brickyard_pipelines.finetuning.sources.lines import Found
from brickyard_pipelines.finetuning.sources.opening import rows_of
from brickyard_pipelines.finetuning.templates.masks import Masker, Tokens

_BATCH_ROWS, _BATCH_BYTES = 256, 4_000_000
_KEPT = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(kw_only=True, slots=True)
class Reader:
    """Reads all splits into the spool and the indices."""

    plan: Plan
    root: Path
    masker: Masker
    keeper: Keeper
    quarantine: Quarantine
    accounts: Mapping[str, Account]
    tables: set[str] = field(default_factory=set)

    def read(self) -> None:
        """Everything that the plan names, what is held out first."""
        for split in SPLITS:
            for source in getattr(self.plan.data, split):
                self._source(split, source)

    def _source(self, split: str, source: Source) -> None:
        shape, held, size = source.shape, list[Waiting](), 0
        for each in rows_of(source, root=self.root, max_bytes=self.plan.data.max_row_bytes):
            if source.table is not None:
                self.tables.add(each.file)
            found = replace(each, file=each.file.removeprefix(f"{self.root}/"))  # a version is the same in any folder
            try:
                document = document_of(found, source)
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
        if data.special_tokens == "quarantine":
            self._check_special(row)
        whole = row.as_json()
        kept = _KEPT(whole)
        split = split if split != "train" else self._held_out(document, kept)
        self.accounts[split].pii.update(kinds)
        rendered = self.masker.rendered(row)
        return Waiting(split=split, found=found, row=row, rendered=rendered, kept=kept, asked=asked(whole))

    def _check_special(self, row: Row) -> None:
        """Errors: RowRefused when a text has what the tokenizer reads as its own token: an answer would end there."""
        for part in row.parts():
            found = self.masker.tokenizer.special_text.search(part)
            if found is not None:
                fix = "Take it out or split the text there; where it is meant, write special_tokens: keep."
                rule = "no text holds a special token of the tokenizer"
                raise RowRefused(Reason.SPECIAL_TEXT, f"{found.group()} in {shown(part)}", rule, fix)

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
            self.keeper.keep(fitting)

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

    def _count(self, split: str, found: Found) -> None:
        self.accounts[split].read += 1
        self.accounts[split].bytes += found.bytes

    def _refuse(self, split: str, found: Found, refused: RowRefused) -> None:
        self.accounts[split].refused[refused.refusal.reason.value] += 1
        self.quarantine.refuse(split, found.file, found.line, refused.refusal, found.document)
