"""Requests on their way to an inference table: lines in files, whole before the request is answered.

A folder per table holds `current.jsonl`, to which lines are added, and numbered segments, which a writer turns into
one commit each. A line that a kill cut off has no end and is no request that was answered.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_CURRENT = "current.jsonl"
SEGMENTS = "[0-9]*.jsonl"


class Spool:
    """The lines of one table. Safe to use from any thread."""

    def __init__(self, folder: Path, next_number: Callable[[], int]) -> None:
        self._folder = folder
        self._next_number = next_number
        self._lock = threading.Lock()
        self._file: int | None = None
        self.cut()  # what an earlier process left may end in half a line: nothing is added to it

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a line. When this returns, a kill of this process does not lose it."""
        line = json.dumps(row).encode() + b"\n"
        with self._lock:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self._folder / _CURRENT, flags, 0o600)
            before = os.fstat(self._file).st_size
            try:
                written = 0
                while written < len(line):
                    written += os.write(self._file, line[written:])
            except OSError:  # the disk is full: the next line must not follow half of this one
                os.ftruncate(self._file, before)
                raise

    def cut(self) -> bool:
        """Close the current file as the next segment. Whether there are segments to write."""
        with self._lock:
            current = self._folder / _CURRENT
            if current.exists() and current.stat().st_size:
                current.rename(self._folder / f"{self._next_number():012d}.jsonl")
                if self._file is not None:
                    os.close(self._file)
                self._file = None
        return any(self._folder.glob(SEGMENTS))

    def close(self) -> None:
        """Give the file back; lines stay where they are."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
            self._file = None


def segments(folder: Path) -> list[Path]:
    """Segments of a table, oldest first."""
    return sorted(folder.glob(SEGMENTS))


def rows(segment: Path) -> list[dict[str, Any]]:
    """The whole lines of a segment."""
    lines = segment.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines]
