"""What a workspace answered to the conformance suite, as a dated record that holds shapes and codes, never data.

Shapes: `observations` maps a test's id to {name of the call: {"answer": shape} or {"error": [class, code]}};
a shape maps fields to shapes, a list to the shape of its elements, a value to its type's name. Only enumerations
(`MANAGED`, `SUCCESS`) are kept as they stand, so that no id, name, address or secret of a workspace gets in.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_ENUMERATION = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_LONGEST_ENUMERATION = 60


@dataclass(kw_only=True, slots=True)
class Record:
    """One run of the suite. `target` is `local`, or the cloud of a real workspace; `outcomes` maps tests to results."""

    target: str
    date: str
    clients: Mapping[str, str]
    outcomes: dict[str, str] = field(default_factory=dict)
    observations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the record whole, or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n")
        temporary.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Errors: ValueError when the file is no record."""
        try:
            return cls(**json.loads(path.read_text()))
        except TypeError as error:
            raise ValueError(f"{path} is no conformance record ({error}). `make conformance` writes one.") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Observer:
    """Notes what one test sees."""

    notes: dict[str, Any]

    def answer(self, name: str, call: Callable[[], Answer]) -> Answer:
        """Make a call that must succeed; its shape is noted."""
        found = call()
        self.notes[name] = {"answer": shape(_document(found))}
        return found

    def refusal(self, name: str, call: Callable[[], Any], *expected: type[Exception]) -> Exception:
        """Make a call that must be refused with one of the expected errors, which is noted with its code."""
        try:
            call()
        except expected as error:
            self.notes[name] = {"error": [type(error).__name__, str(getattr(error, "error_code", ""))]}
            return error
        names = " or ".join(one.__name__ for one in expected)
        raise AssertionError(f"'{name}' was allowed; {names} was expected.")


def shape(value: Any) -> Any:
    """The shape of a JSON value."""
    if isinstance(value, Mapping):
        return {str(key): shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        merged: Any = None
        for element in value:
            merged = _merge(merged, shape(element))
        return [merged] if value else []
    if isinstance(value, str):
        enumeration = len(value) <= _LONGEST_ENUMERATION and _ENUMERATION.fullmatch(value)
        return f"={value}" if enumeration else "str"
    return type(value).__name__


def differences(ours: Record, theirs: Record) -> list[str]:
    """Where two records differ, one line each, in the order of the tests."""
    found: list[str] = []
    for test in sorted(ours.outcomes.keys() | theirs.outcomes.keys()):
        here, there = ours.outcomes.get(test, "not run"), theirs.outcomes.get(test, "not run")
        if here != there:
            found.append(f"{test}: {ours.target} {here}, {theirs.target} {there}")
        mine, other = ours.observations.get(test, {}), theirs.observations.get(test, {})
        for call in sorted(mine.keys() & other.keys()):
            found += [f"{test} · {call}: {line}" for line in _differences(mine[call], other[call], "")]
    return found


def _differences(ours: Any, theirs: Any, place: str) -> list[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lines: list[str] = []
        for key in sorted(ours.keys() | theirs.keys()):
            inner = f"{place}.{key}" if place else key
            if key not in theirs:
                lines.append(f"{inner} is only in ours")
            elif key not in ours:
                lines.append(f"{inner} is missing in ours ({json.dumps(theirs[key])})")
            else:
                lines += _differences(ours[key], theirs[key], inner)
        return lines
    if isinstance(ours, list) and isinstance(theirs, list) and ours and theirs and place != "error":
        return _differences(ours[0], theirs[0], f"{place}[]")
    return [] if ours == theirs else [f"{place} is {json.dumps(ours)} in ours, {json.dumps(theirs)} there"]


def _merge(known: Any, new: Any) -> Any:
    """One shape for the elements of a list: fields of all, and `any` where they disagree."""
    if known is None or known == new:
        return new
    if isinstance(known, dict) and isinstance(new, dict):
        return {key: _merge(known.get(key), new.get(key, known.get(key))) for key in sorted(known.keys() | new.keys())}
    if isinstance(known, str) and isinstance(new, str) and known[0] == new[0] == "=":
        return "str"
    return "any"


def _document(value: Any) -> Any:
    """An answer of the SDK as JSON: its dataclasses know how."""
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if isinstance(value, list | tuple):
        return [_document(element) for element in value]
    return value
