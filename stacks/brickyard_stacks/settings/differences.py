"""Two environments side by side: the values that hold, defaults applied, and where each is set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_stacks.settings.document import Document, Location
from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.load import environment_of

_EMPTY: tuple[Any, ...] = (None, [], {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A value that holds: plain, none, a list of plain ones, or an empty mapping. `line` 0 is a default."""

    value: Any
    line: int
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A key whose value differs; a side that has no such key has None, as a named object that is not there."""

    key: str
    first: Setting | None
    second: Setting | None


def settings_of(document: Document) -> dict[str, Setting]:
    """Every value of an environment by its dotted key, in the model's order. Errors: InvalidSettings."""
    environment = environment_of(document)
    by_stage = {name for name, field in Environment.model_fields.items() if field.default_factory_takes_validated_data}
    return {
        ".".join(map(str, location)): _setting(document, location, value, environment, by_stage)
        for location, value in _leaves((), environment.model_dump())
    }


def differences(first: Document, second: Document) -> list[Difference]:
    """What differs, in the order of the keys. Errors: InvalidSettings."""
    one, other = settings_of(first), settings_of(second)
    keys = _merged(list(one), list(other))
    pairs = [Difference(key=key, first=one.get(key), second=other.get(key)) for key in keys]
    return [pair for pair in pairs if _differ(pair.first, pair.second)]


def _differ(one: Setting | None, other: Setting | None) -> bool:
    """1, 1.0 and true are different settings. An empty block beside a full one is told by the full one's keys."""
    if one is None or other is None:
        there = one or other
        return there is not None and there.value not in _EMPTY
    return (type(one.value), one.value) != (type(other.value), other.value)


def _leaves(location: Location, value: Any) -> Iterator[tuple[Location, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves((*location, key), inner)
    elif isinstance(value, tuple | list) and any(isinstance(inner, Mapping) for inner in value):
        for index, inner in enumerate(value):
            yield from _leaves((*location, index), inner)
    else:
        yield location, list(value) if isinstance(value, tuple) else value


def _setting(
    document: Document, location: Location, value: Any, environment: Environment, by_stage: set[str]
) -> Setting:
    line = document.lines.get(location, 0)
    if line:
        return Setting(value=value, line=line, origin=f"{document.file}:{line}")
    given = (location[0],) in document.lines
    if location[0] in by_stage and not given:
        reason = "name" if location[0] == "prefix" else f"stage {environment.stage}"
        return Setting(value=value, line=0, origin=f"default of {reason}")
    return Setting(value=value, line=0, origin="default")


def _merged(one: list[str], other: list[str]) -> list[str]:
    """Both lists' keys once each; what only the other has stands after what stands before it there."""
    merged, at = list(one), 0
    for key in other:
        if key in merged:
            at = merged.index(key) + 1
        else:
            merged.insert(at, key)
            at += 1
    return merged
