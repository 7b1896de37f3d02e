"""The JSON files by which the server and a task's process tell each other things, in the task's private folder."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TASK = "task.json"
UPSTREAM_VALUES = "upstream_values.json"
VALUES = "values.json"
RESULT = "result.json"
RESUME = "resume.json"
FAILURE = "failure.json"
PACKAGES = "packages"  # a folder of the scratch: what a notebook installed
_DRAFT = ".new"


def read(folder: Path, name: str) -> dict[str, Any]:
    """What was written; nothing when nobody has. Errors: ValueError for what is no JSON."""
    try:
        found: dict[str, Any] = json.loads((folder / name).read_bytes())
    except FileNotFoundError:
        return {}
    return found


def write(folder: Path, name: str, document: Mapping[str, Any]) -> None:
    """Replace the file at once; only this user can read it."""
    temporary = (folder / name).with_suffix(_DRAFT)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    temporary.replace(folder / name)


def forget_drafts(folder: Path) -> None:
    """Remove what a killed process was about to write, its notebooks' included."""
    for draft in folder.rglob(f"*{_DRAFT}"):
        draft.unlink()
