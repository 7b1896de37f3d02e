"""A file is written whole or not at all: under another name first, then renamed."""

import os
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """Put the text in the place of the file; two at once leave one of both. `mode` is that of the new file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    if mode is not None:
        unfinished.chmod(mode)
    unfinished.replace(path)
