"""What differs between two values, leaf by leaf, with paths that a person reads: `task[train].timeout_seconds`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_review.model import AttributeChange, Shown, ShownKind
from brickyard_review.plan.values import UNKNOWN, Masked, plain_json, shown_text

_IDENTITIES = (
    "task_key",
    "job_cluster_key",
    "environment_key",
    "principal",
    "group_name",
    "user_name",
    "service_principal_name",
    "name",
    "key",
    "served_model_name",
    "entity_name",
    "url",
    "id",
)
_SINGLE = ("run_as",)  # one block, whose name is what changes
_MAX_TEXT = 160
_EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One leaf that differs; values are those inside the door."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every leaf that differs. What is empty in two ways (null, `[]`) does not."""
    if before == after or (before in _EMPTY and after in _EMPTY):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(before, after, path)
    elif inner := _as_json(before, after):
        yield from differences(*inner, path)
    else:
        yield Difference(path=path, before=before, after=after)


def _as_json(before: Any, after: Any) -> tuple[Any, Any] | None:
    """Two JSON texts as what they say, for policies are written so."""
    if not (isinstance(before, str) and isinstance(after, str) and before[:1] == after[:1] == "{"):
        return None
    try:
        return json.loads(before), json.loads(after)
    except (ValueError, RecursionError):
        return None


def _list_differences(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    if not all(isinstance(element, Mapping) for element in (*before, *after)):
        yield Difference(path=path, before=before, after=after)
    elif len(before) <= 1 and len(after) <= 1 and (path in _SINGLE or not _identity(before + after)):
        yield from differences(before[0] if before else None, after[0] if after else None, path)
    else:
        key = _identity(before) or _identity(after)
        was, is_now = _labelled(before, key), _labelled(after, key)
        for label in [*was, *(label for label in is_now if label not in was)]:
            yield from differences(was.get(label), is_now.get(label), f"{path}[{label}]")


def _identity(elements: list[Any]) -> str | None:
    """The attribute that tells elements of a list apart, as a person would."""
    return next((key for key in _IDENTITIES if _tells_apart(key, elements)), None) if elements else None


def _tells_apart(key: str, elements: list[Any]) -> bool:
    found = [element.get(key) for element in elements]
    return all(isinstance(value, str) and value for value in found)


def _labelled(elements: list[Any], key: str | None) -> dict[str, Any]:
    """Elements by label: by identity, numbered where two have the same, else by position."""
    labelled: dict[str, Any] = {}
    for position, element in enumerate(elements):
        value = element.get(key) if key else None
        label = value if isinstance(value, str) and value else str(position)
        labelled[label if label not in labelled else f"{label} #{position}"] = element
    return labelled


def attribute_change(difference: Difference, forced_by: tuple[str, ...]) -> AttributeChange:
    """A difference as it is shown."""
    forces = any(difference.path == path or difference.path.startswith((f"{path}.", f"{path}[")) for path in forced_by)
    before, after = shown(difference.before), shown(difference.after)
    return AttributeChange(path=difference.path, before=before, after=after, forces_replacement=forces)


def shown(value: Any) -> Shown:
    """A value for people, shortened.

    >>> shown({"a": 1}).text
    '{"a": 1}'
    """
    if value is UNKNOWN:
        return Shown(kind=ShownKind.UNKNOWN, text="(known after apply)")
    if value is None:
        return Shown(kind=ShownKind.ABSENT, text="")
    if isinstance(value, Masked):
        return Shown(kind=ShownKind.SENSITIVE, text=shorten(value.shown))
    return Shown(kind=ShownKind.VALUE, text=shorten(value if isinstance(value, str) else _text(value)))


def _text(value: Any) -> str:
    return plain_json(value) if isinstance(value, Mapping | list) else shown_text(value)


def shorten(text: str, limit: int = _MAX_TEXT) -> str:
    """At most `limit` characters, on one line; how many are left out is said."""
    line = " ".join(text.split()) if any(mark in text for mark in "\n\r\t") else text
    return line if len(line) <= limit else f"{line[: limit - 20]}… (+{len(line) - limit + 20})"
