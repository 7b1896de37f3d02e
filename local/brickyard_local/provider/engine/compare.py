"""When two values are the same to Terraform's SDK, and casting of JSON to schema types."""

import json
from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.schema.model import Attribute, Block, CtyType
from brickyard_local.provider.wire.values import UNKNOWN, Value

_KEYS = ("task_key", "job_cluster_key", "environment_key", "principal", "key", "name")


def is_zero(value: Value) -> bool:
    """Null, empty, zero or false: one and the same for the genuine provider."""
    return value is not UNKNOWN and not value


def is_set_type(attribute: Attribute) -> bool:
    """Whether the attribute is a set of plain values."""
    return isinstance(attribute.type, list) and attribute.type[0] == "set"


def cast(kind: CtyType, value: Any) -> Value:
    """A JSON value of the API as a value of a schema's type.

    >>> cast("number", "12"), cast("string", 12), cast(["set", "string"], "a")
    (12, '12', ['a'])
    """
    if value is None or value is UNKNOWN:
        return value
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "number":
        return json.loads(value) if isinstance(value, str) else value
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind[0] == "map":
        return {key: cast(kind[1], item) for key, item in value.items()}
    items = value if isinstance(value, list) else [value]
    return [cast(kind[1], item) for item in items]


def cast_attribute(attribute: Attribute, value: Any) -> Value:
    """As `cast`, nested objects included; what the API leaves out is null."""
    if attribute.nested is None or value is None:
        return cast(attribute.type, value)
    members = attribute.nested.attributes

    def whole(document: Any) -> Value:
        return {name: cast_attribute(member, document.get(name)) for name, member in members.items()}

    if attribute.nested.nesting == "single":
        return whole(value)
    if attribute.nested.nesting == "map":
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in (value if isinstance(value, list) else [value])]


def same(attribute: Attribute, path: str, old: Value, new: Value, behaviour: Behaviour) -> bool:
    """Whether planning sees no difference between two values of an attribute."""
    if old is UNKNOWN or new is UNKNOWN:
        return old is new
    if old == new or (is_zero(old) and is_zero(new)):
        return True
    suppress = behaviour.suppress.get(path)
    if suppress is not None and suppress(old, new):
        return True
    if is_set_type(attribute) and isinstance(old, list) and isinstance(new, list):
        return _as_set(path, old, behaviour) == _as_set(path, new, behaviour)
    return False


def _as_set(path: str, values: list[Value], behaviour: Behaviour) -> list[str]:
    canonical = behaviour.canonical.get(path, lambda value: value)
    return sorted({repr(canonical(value)) for value in values})


def canonical_key(block: Block, path: str, values: Value, behaviour: Behaviour) -> str:
    """What an element of a set block is compared by; zero values do not count."""
    if not isinstance(values, dict):
        return repr(values)
    parts: list[str] = []
    for name, attribute in sorted(block.attributes.items()):
        value, member = values.get(name), f"{path}.{name}"
        if is_zero(value):
            continue
        if is_set_type(attribute) and isinstance(value, list):
            parts.append(f"{name}={_as_set(member, value, behaviour)}")
        else:
            canonical = behaviour.canonical.get(member, lambda item: item)
            parts.append(f"{name}={canonical(value)!r}")
    for name, kind in sorted(block.blocks.items()):
        inner = [canonical_key(kind.block, f"{path}.{name}", item, behaviour) for item in values.get(name) or ()]
        if inner:
            parts.append(f"{name}={inner}")
    return "|".join(parts)


def pair(wanted: list[Value], found: list[Value]) -> list[Value | None]:
    """For each wanted element the found one: by its natural key where every element has one, else by position.

    >>> pair([{"task_key": "b"}, {"task_key": "a"}], [{"task_key": "a"}])
    [None, {'task_key': 'a'}]
    """
    for key in _KEYS:
        if wanted and all(isinstance(item, dict) and isinstance(item.get(key), str) for item in wanted):
            by_key = {item.get(key): item for item in found if isinstance(item, dict)}
            return [by_key.get(item[key]) for item in wanted]
    return [found[index] if index < len(found) else None for index in range(len(wanted))]
