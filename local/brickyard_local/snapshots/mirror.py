"""A copy of a folder that is made while the folder is in use, then brought up to date while it is held still."""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# A file may change twice within one tick of the file system's clock: one that changed just before it was copied
# is copied again, however it looks.
_UNSURE_NS = 2_000_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """How a file looked before it was copied."""

    inode: int
    size: int
    changed_ns: int
    sure: bool


@dataclass(kw_only=True, slots=True)
class Mirror:
    """Copies `source` to `target`; `without` are paths (relative to the source) that are left out."""

    source: Path
    target: Path
    without: frozenset[str] = frozenset()
    left_out: set[str] = field(default_factory=set)
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def bring_up_to_date(self) -> None:
        """Copy what is new or changed, remove what is gone. Symbolic links and sockets are `left_out`."""
        self.left_out.clear()
        found: set[str] = set()
        for path, facts in self._walk(""):
            found.add(path)
            if stat.S_ISDIR(facts.st_mode):
                if (self.target / path).is_file():
                    (self.target / path).unlink()
                (self.target / path).mkdir(exist_ok=True)
            else:
                self._copy(path, facts)
        self._remove_all_but(found)

    def _walk(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        self.target.mkdir(parents=True, exist_ok=True)
        try:
            entries = sorted(os.scandir(self.source / folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        for entry in entries:
            path = f"{folder}/{entry.name}".removeprefix("/")
            with contextlib.suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                if path in self.without:
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    yield path, facts
                    yield from self._walk(path)
                elif stat.S_ISREG(facts.st_mode):
                    yield path, facts
                else:
                    self.left_out.add(path)

    def _copy(self, path: str, facts: os.stat_result) -> None:
        known = self._seen.get(path)
        now = _Seen(
            inode=facts.st_ino,
            size=facts.st_size,
            changed_ns=facts.st_ctime_ns,
            sure=facts.st_ctime_ns < time.time_ns() - _UNSURE_NS,
        )
        if known == now and known.sure:
            return
        if (self.target / path).is_dir():
            shutil.rmtree(self.target / path)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(self.source / path, self.target / path)
            (self.target / path).chmod(stat.S_IMODE(facts.st_mode) & 0o777)
            self._seen[path] = now

    def _remove_all_but(self, found: set[str]) -> None:
        for path in sorted(self.target.rglob("*"), reverse=True):
            if str(path.relative_to(self.target)) in found:
                continue
            path.rmdir() if path.is_dir() else path.unlink()
