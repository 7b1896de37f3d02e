"""What an import becomes: a notebook or a file. Pure: no I/O.

Source: docs.databricks.com/api/workspace/workspace/import; databricks-sdk's mixins/workspace.py (AUTO).
"""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from brickyard_local.errors import InvalidParameter, NotEmulated

_HEADER = "Databricks notebook source"
_LANGUAGES = {".py": ("PYTHON", "# "), ".sql": ("SQL", "-- "), ".scala": ("SCALA", "// "), ".r": ("R", "# ")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """The object that an import makes. `stored_as` is SOURCE or JUPYTER for notebooks, RAW for files."""

    path: str
    object_type: str
    stored_as: str
    language: str | None = None


def imported(path: str, format_: str, language: str | None, content: bytes) -> Imported:
    r"""Decide by the format asked for. Errors: InvalidParameter, NotEmulated.

    >>> imported("/Shared/nb.py", "AUTO", None, b"# Databricks notebook source\n1")
    Imported(path='/Shared/nb', object_type='NOTEBOOK', stored_as='SOURCE', language='PYTHON')
    """
    if format_ == "RAW":
        return Imported(path=path, object_type="FILE", stored_as="RAW")
    if format_ == "AUTO":
        return _automatic(path, content)
    if format_ == "JUPYTER":
        spoken = language or _jupyter_language(content)
        return Imported(path=path, object_type="NOTEBOOK", stored_as="JUPYTER", language=spoken)
    if format_ != "SOURCE":
        raise NotEmulated(f"the import of workspace objects in format {format_}")
    if language is None:
        raise InvalidParameter(
            f"An import of '{path}' in format SOURCE makes a notebook and needs its `language` (PYTHON, SQL, SCALA, "
            "R). For a plain file use the format RAW or AUTO."
        )
    return Imported(path=path, object_type="NOTEBOOK", stored_as="SOURCE", language=language)


def _automatic(path: str, content: bytes) -> Imported:
    suffix = PurePosixPath(path).suffix
    stem = path.removesuffix(suffix)
    if suffix.lower() == ".ipynb":
        spoken = _jupyter_language(content)
        return Imported(path=stem, object_type="NOTEBOOK", stored_as="JUPYTER", language=spoken)
    if suffix.lower() in _LANGUAGES:
        language, comment = _LANGUAGES[suffix.lower()]
        if content.startswith((comment + _HEADER).encode()):
            return Imported(path=stem, object_type="NOTEBOOK", stored_as="SOURCE", language=language)
    return Imported(path=path, object_type="FILE", stored_as="RAW")


def _jupyter_language(content: bytes) -> str:
    try:
        metadata = json.loads(content).get("metadata") or {}
        name = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    except (ValueError, AttributeError, RecursionError) as error:
        raise InvalidParameter("The content is no Jupyter notebook: it or its metadata is no JSON object.") from error
    return str(name or "python").upper()
