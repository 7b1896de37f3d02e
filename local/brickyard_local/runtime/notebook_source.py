r"""Notebooks as they are stored, cut into cells: source files with `# COMMAND ----------`, and Jupyter. Pure: no I/O.

Source: docs.databricks.com/notebooks/notebook-format (source file); nbformat.readthedocs.io (format 4)
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_COMMENTS = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}
_MAGIC = re.compile(r"%(%?[A-Za-z_]\w*)(?:[ \t]+|(?=\n)|$)(.*)", re.DOTALL)
_LANGUAGE_MAGICS = {"PYTHON": "python", "SQL": "sql", "SCALA": "scala", "R": "r"}
WHOLE_CELL = frozenset({"md", "sql", "sh", "python"})
SINGLE_LINES = frozenset({"pip", "run", "restart_python"})


class NotANotebook(Exception):
    """Raised when the content is neither a notebook's source nor a Jupyter notebook."""


class UnknownMagic(Exception):
    """Raised before anything runs when a cell has a magic command that is not done here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of a cell that one thing runs. `kind`: python, sql, sh, md, pip, run, restart_python.

    `line` is where it begins in its cell, counted from 0, so that error traces name the line that the author sees.
    """

    kind: str
    text: str
    line: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell; `number` counts from 1 as the notebook shows them."""

    number: int
    parts: tuple[Part, ...]


def cells(content: str, language: str = "PYTHON") -> list[Cell]:
    r"""The cells of a stored notebook. Errors: NotANotebook, UnknownMagic naming the cell and what to do.

    >>> [cell.parts[0].kind for cell in cells("# Databricks notebook source\nx = 1\n# COMMAND ----------\n%md Hi")]
    ['python', 'md']
    """
    texts = _jupyter(content) if content.lstrip().startswith("{") else _source(content, language)
    default = _LANGUAGE_MAGICS.get(language, "python")
    return [Cell(number=number, parts=tuple(_parts(text, default, number))) for number, text in enumerate(texts, 1)]


def _source(content: str, language: str) -> list[str]:
    comment = _COMMENTS.get(language, "#")
    lines = content.splitlines()
    if lines and lines[0].strip() == f"{comment} Databricks notebook source":
        lines = lines[1:]
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == f"{comment} COMMAND ----------":
            found.append([])
        else:
            found[-1].append(_uncommented(line, comment))
    return ["\n".join(_without_title(cell, comment)).strip("\n") for cell in found]


def _uncommented(line: str, comment: str) -> str:
    magic = f"{comment} MAGIC"
    return line.removeprefix(magic).removeprefix(" ") if line.startswith(magic) else line


def _without_title(lines: list[str], comment: str) -> list[str]:
    return [line for line in lines if not line.startswith(f"{comment} DBTITLE ")]


def _jupyter(content: str) -> list[str]:
    try:
        found = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotANotebook(f"It is no Jupyter notebook of format 4: {error!r}.") from error
    return [_text(cell) if cell.get("cell_type") == "code" else "%md " + _text(cell) for cell in found]


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _parts(text: str, default: str, number: int) -> Iterator[Part]:
    """A cell of another language is one part; a Python cell is Python with single magic lines between."""
    lines = text.split("\n")
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return
    magic = _MAGIC.match("\n".join(lines[start:]).strip())
    name = magic[1].lstrip("%") if magic else default
    if magic and name in WHOLE_CELL:
        skipped = 1 if lines[start].strip().lstrip("%") == name else 0
        if name != "python":
            yield Part(kind=name, text=magic[2].strip("\n"), line=start + skipped)
            return
        yield from _python("\n" * start + magic[2], number)
    elif default == "python" or (magic and name in SINGLE_LINES):
        yield from _python(text, number)
    elif magic:
        raise _unknown(name, number)
    elif default == "sql":
        yield Part(kind="sql", text=text, line=start)
    else:
        raise _unknown(default, number)


def _python(text: str, number: int) -> Iterator[Part]:
    python: list[str] = []
    begin = 0
    quoted = _inside_strings(text)
    for index, line in enumerate(text.split("\n")):
        magic = None if index in quoted else _MAGIC.match(line)
        if index not in quoted and line.startswith("!"):
            raise _unknown("!", number)
        if magic is None:
            python.append(line)
            continue
        if magic[1] not in SINGLE_LINES:
            raise _unknown(magic[1], number)
        if "".join(python).strip():
            yield Part(kind="python", text="\n".join(python), line=begin)
        yield Part(kind=magic[1], text=magic[2].strip(), line=index)
        python, begin = [], index + 1
    if "".join(python).strip():
        yield Part(kind="python", text="\n".join(python), line=begin)


def _inside_strings(text: str) -> set[int]:
    """Lines that continue a string: `%` is no magic command there."""
    import io
    import tokenize

    found: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING or token.type == getattr(tokenize, "FSTRING_MIDDLE", -1):
                found.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        pass  # magic lines are no Python; what is no Python for other reasons fails when it is run
    return found


def _unknown(name: str, number: int) -> UnknownMagic:
    known = ", ".join(f"%{each}" for each in sorted(WHOLE_CELL | SINGLE_LINES))
    shown = name if name == "!" else f"%{name}"
    return UnknownMagic(f"Cell {number} has the magic command {shown}; the local workspace runs {known}.")
