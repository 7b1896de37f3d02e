"""Rows that are not learnt from, each with its place, what was got, the rule and the fix: JSONL beside the data."""

import io
import json
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.rows.refusals import Refusal

_SHOWN_BYTES = 2000


class Quarantine:
    """Two files that grow: rows refused, and rows removed because another one is the same."""

    def __init__(self, folder: Path) -> None:
        self._refused: io.TextIOWrapper = (folder / "quarantine.jsonl").open("w", encoding="utf-8")
        self._removed: io.TextIOWrapper = (folder / "removed.jsonl").open("w", encoding="utf-8")

    def refuse(self, split: str, file: str, line: int, refusal: Refusal, document: Any = None) -> None:
        """One row that broke a rule; its beginning is kept so that it can be found and mended."""
        entry = {
            "split": split,
            "file": file,
            "line": line,
            "reason": refusal.reason.value,
            "got": refusal.got,
            "rule": refusal.rule,
            "fix": refusal.fix,
        }
        if document is not None:
            entry["row"] = json.dumps(document, ensure_ascii=True, default=str)[:_SHOWN_BYTES]
        self._refused.write(json.dumps(entry) + "\n")

    def remove(self, split: str, file: str, line: int, *, reason: str, same_as: str) -> None:
        """One row that another one stands for."""
        entry = {"split": split, "file": file, "line": line, "reason": reason, "same_as": same_as}
        self._removed.write(json.dumps(entry) + "\n")

    def close(self) -> None:
        """Ends both files."""
        self._refused.close()
        self._removed.close()
