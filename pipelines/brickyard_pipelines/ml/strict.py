"""Plain YAML documents into frozen dataclasses: unknown, missing and mistyped keys are refused by name.

A choice (`A | B`) of dataclasses is made by the document: first by a `Literal` that fits (a tag such as `type`), then
by the most keys in common; so an error speaks of the one that was meant.
"""

import datetime as dt
import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar

from brickyard_pipelines.errors import InvalidProject

_T = TypeVar("_T")


def build(cls: type[_T], document: Any, where: str) -> _T:
    """An instance of the dataclass `cls` from a YAML mapping found at `where`.

    Errors: InvalidProject with the place, what was got and the nearest known key.
    """
    if not isinstance(document, Mapping):
        raise InvalidProject(f"{where}: expected keys and values, got {document!r}.")
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    for key in document:
        if key not in known:
            raise InvalidProject(f"{where}.{key}: unknown key.{_nearest(str(key), known)}")
    hints = typing.get_type_hints(cls)
    for name, field in known.items():
        if name not in document and _required(field):
            raise InvalidProject(f"{where}.{name}: missing, and it has no default.")
    return cls(**{key: _value(hints[key], value, f"{where}.{key}") for key, value in document.items()})


def _required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(sorted(known))}."


def _value(expected: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return _chosen(arguments, value, where)
    if origin is typing.Literal:
        return _one_of(arguments, value, where)
    if is_dataclass(expected):
        return build(typing.cast("type[Any]", expected), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise InvalidProject(f"{where}: expected a list, got {value!r}.")
        return tuple(_value(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(value))
    if origin is Mapping or origin is dict or expected is dict:
        if not isinstance(value, Mapping):
            raise InvalidProject(f"{where}: expected keys and values, got {value!r}.")
        kind = arguments[1] if arguments else Any
        return {str(key): _value(kind, item, f"{where}.{key}") for key, item in value.items()}
    return _scalar(expected, value, where)


def _chosen(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    """The alternative of a union that the value is meant for."""
    if value is None and type(None) in arguments:
        return None
    alternatives = [argument for argument in arguments if argument is not type(None)]
    blocks = [argument for argument in alternatives if is_dataclass(argument)]
    if isinstance(value, Mapping) and blocks:
        return _value(max(blocks, key=lambda block: _likeness(block, value)), value, where)
    plain = [argument for argument in alternatives if not is_dataclass(argument)]
    if not plain:
        return _value(alternatives[0], value, where)
    for argument in plain[:-1]:
        try:
            return _value(argument, value, where)
        except InvalidProject:
            continue
    return _value(plain[-1], value, where)


def _likeness(block: Any, document: Mapping[Any, Any]) -> tuple[int, int]:
    """How well a document fits a dataclass: its tags that agree, less those that do not, then its known keys."""
    tags = {name: typing.get_args(hint) for name, hint in typing.get_type_hints(block).items() if _is_literal(hint)}
    agreeing = sum(1 if document[name] in tags[name] else -1 for name in tags if name in document)
    return agreeing, len({field.name for field in fields(block)} & set(document))


def _is_literal(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Literal


def _one_of(allowed: tuple[Any, ...], value: Any, where: str) -> Any:
    if not any(type(value) is type(item) and value == item for item in allowed):
        words = {str(item): item for item in allowed}
        close = difflib.get_close_matches(str(value), words, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise InvalidProject(f"{where}: got {value!r}; one of {', '.join(words)}.{hint}")
    return value


def _scalar(expected: Any, value: Any, where: str) -> Any:
    if expected is Any:
        return value
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not expected:  # `isinstance` would take true for 1, and a timestamp for a date
        name = "a date such as 2013-10-01" if expected is dt.date else expected.__name__
        raise InvalidProject(f"{where}: expected {name}, got {value!r}.")
    return value
