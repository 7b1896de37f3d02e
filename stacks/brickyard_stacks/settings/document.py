"""Read a YAML file into plain data, remembering the line of every key."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from brickyard_stacks.errors import InvalidSettings, Problem

Location: TypeAlias = tuple[str | int, ...]

_MAX_DEPTH = 32
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A YAML file's data, and where each of its keys stands."""

    file: Path
    data: object
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of a key, or of the nearest key around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_document(path: Path) -> Document:
    """Read and parse one YAML file. Errors: InvalidSettings, for one that cannot be read too."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidSettings([_unreadable(path, reason, rule="the file must be readable")]) from error
    return document_of(path, raw)


def document_of(path: Path, raw: bytes) -> Document:
    """Parse what a YAML file holds.

    Errors: InvalidSettings, for what is not YAML in UTF-8, is too long or too deep, or says one key twice.
    """
    if len(raw) > _MAX_BYTES:
        raise InvalidSettings([_unreadable(path, f"{len(raw)} bytes", rule=f"at most {_MAX_BYTES} bytes")])
    try:
        loader = yaml.SafeLoader(raw.decode())
        root = loader.get_single_node()
        lines, problems = _survey(path, loader, root)
        if problems:
            raise InvalidSettings(problems)
        data = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        raise InvalidSettings([_syntax(path, error)]) from error
    except RecursionError as error:
        raise InvalidSettings([_unreadable(path, f"deeper than {_MAX_DEPTH} levels")]) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets int(), float() and date() raise theirs
        raise InvalidSettings([_unreadable(path, str(error))]) from error
    return Document(file=path, data=data, lines=lines)


def _survey(path: Path, loader: yaml.SafeLoader, root: yaml.Node | None) -> tuple[dict[Location, int], list[Problem]]:
    """The line of every key, and what PyYAML would swallow: doubled keys, anchors, tags, great depth."""
    lines: dict[Location, int] = {(): 1}
    problems: list[Problem] = []
    seen: set[int] = set()
    waiting: list[tuple[Location, yaml.Node]] = [((), root)] if root is not None else []
    while waiting:
        location, node = waiting.pop()
        problem = _structure(path, location, node, rule=_refused(loader, location, node, seen))
        if problem is not None:
            problems.append(problem)
            continue
        for child, mark, value in _children(node):
            place = (*location, child)
            if place in lines:
                key = ".".join(map(str, place))
                rule = f"a key stands once; it stands on line {lines[place]} already"
                problems.append(Problem(file=path, line=mark.line + 1, key=key, got="", rule=rule))
            lines.setdefault(place, mark.line + 1)
            waiting.append((place, value))
    return lines, problems


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Mark, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value) if isinstance(key, yaml.ScalarNode) else "?", key.start_mark, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark, value


def _refused(loader: yaml.SafeLoader, location: Location, node: yaml.Node, seen: set[int]) -> str:
    """Why a node is not read: an alias (a node met twice, which also stops loops), a tag, a merge, great depth."""
    met = id(node) in seen and not isinstance(node, yaml.ScalarNode)
    seen.add(id(node))
    if met:
        return "anchors and aliases are not read here: write the value out"
    if location[-1:] == ("<<",):
        return "merging is not read here: write the keys out"
    resolve: Any = loader.resolve  # PyYAML's stubs leave it untyped
    if node.tag != resolve(type(node), node.value, (getattr(node, "style", None) is None, True)):
        return "tags such as !!str are not read here: a text that looks like something else needs quotes"
    return f"at most {_MAX_DEPTH} levels" if len(location) > _MAX_DEPTH else ""


def _structure(path: Path, location: Location, node: yaml.Node, *, rule: str) -> Problem | None:
    if not rule:
        return None
    key = ".".join(map(str, location))
    return Problem(file=path, line=node.start_mark.line + 1, key=key, got="", rule=rule)


def _syntax(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    got = getattr(error, "problem", None) or " ".join(str(error).split())
    line = mark.line + 1 if mark is not None else 1
    rule = "the file must be YAML"
    return Problem(file=path, line=line, key="", got=got, rule=rule, fix="look at this line and the one above it")


def _unreadable(path: Path, got: str, *, rule: str = "the file must be YAML in UTF-8") -> Problem:
    return Problem(file=path, line=1, key="", got=got, rule=rule)
