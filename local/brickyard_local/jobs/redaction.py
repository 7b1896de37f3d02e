"""Secrets of a task's cluster in what the task leaves: results and task values show them no more than its log does.

Source: docs.databricks.com/security/secrets/redaction (there: literal values in notebook results)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brickyard_local.runtime import task_files

_HIDDEN = "[hidden]"
_MARK = "unredacted"


def redacted(value: Any, secrets: Sequence[str]) -> Any:
    """The value of JSON without the secrets, in texts at any depth and in names."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _HIDDEN)
        return value
    if isinstance(value, list):
        return [redacted(each, secrets) for each in value]
    if isinstance(value, dict):
        return {redacted(name, secrets): redacted(each, secrets) for name, each in value.items()}
    return value


def begin(folder: Path, secrets: Sequence[str]) -> None:
    """Before the process starts: what it writes is not shown before `finish`, also not after a kill."""
    if secrets:
        (folder / _MARK).touch(mode=0o600)


def finish(folder: Path, name: str, secrets: Sequence[str]) -> None:
    """After the process has ended: its file may be shown, without the secrets."""
    if not secrets or not (folder / _MARK).exists():
        return
    try:
        found = task_files.read(folder, name)
    except ValueError:  # what cannot be read cannot be made safe
        (folder / name).unlink()
    else:
        if found:
            task_files.write(folder, name, redacted(found, secrets))
    (folder / _MARK).unlink()


def may_show(folder: Path) -> bool:
    """Whether what lies in the folder holds no secrets."""
    return not (folder / _MARK).exists()
