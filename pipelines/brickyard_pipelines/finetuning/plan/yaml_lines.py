"""YAML with the line of every key, so that an error names the place. Pure but for the reading."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem


class _Loader(yaml.SafeLoader):
    """YAML 1.1 as PyYAML reads it, but `2e-4` is a number, as everybody writes learning rates and YAML 1.2 has it."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A document, and on which line of its file each key begins.

    *Shapes*: `lines` maps paths such as `data.train[0].path` to lines counted from 1.
    """

    file: str
    document: Any
    lines: Mapping[str, int]

    def place(self, path: str) -> str:
        """`plan.yaml:7: data.train`; a key that is not there has the line of what should hold it."""
        known = path
        while known and known not in self.lines:
            known = known[: max(known.rfind("."), known.rfind("["), 0)]
        where = f"{self.file}:{self.lines.get(known, 1)}"
        return f"{where}: {path}" if path else where


def read_marked(path: Path) -> Marked:
    """The document of a YAML file.

    Errors: InvalidPlan when it cannot be read, is not UTF-8, not YAML, no mapping, or repeats a key.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        fix = "Give the path of a file that can be read."
        raise _refused(str(path), error.strerror or "an error", "it must be a readable file", fix) from error
    except UnicodeDecodeError as error:
        got = f"byte {error.object[error.start]:#04x} at {error.start}"
        raise _refused(str(path), got, "it must be UTF-8", "Save it as UTF-8.") from error
    return parse_marked(text, path.name)


def parse_marked(text: str, file: str) -> Marked:
    r"""As `read_marked`, from the text.

    >>> parse_marked("a: 1\nb:\n  - c: 2\n", "plan.yaml").place("b[0].c")
    'plan.yaml:3: b[0].c'
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        if not isinstance(node, yaml.MappingNode):
            raise _refused(f"{file}:1", "no keys and values", "it must be a mapping", "Write `key: value` lines.")
        _mark(node, "", lines, file)
        return Marked(file=file, document=loader.construct_document(node), lines=lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1 if mark else 1}"
        got = " ".join(str(getattr(error, "problem", None) or error).split())
        raise _refused(place, got, "it must be YAML", "Correct the line named.") from error
    except (ValueError, RecursionError) as error:  # a date such as 2013-02-30; brackets a thousand deep
        raise _refused(f"{file}:1", str(error), "every value must be one", "Correct the value named.") from error


def _mark(node: yaml.Node, path: str, lines: dict[str, int], file: str) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            line = key.start_mark.line + 1
            if name in lines:
                fix = f"It stands on line {lines[name]} too; keep one."
                raise _refused(f"{file}:{line}: {name}", "the key twice", "a key stands once", fix)
            lines[name] = line
            _mark(value, name, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            name = f"{path}[{number}]"
            lines[name] = item.start_mark.line + 1
            _mark(item, name, lines, file)


def _refused(where: str, got: str, rule: str, fix: str) -> InvalidPlan:
    return InvalidPlan([Problem(where=where, got=got, rule=rule, fix=fix)])
