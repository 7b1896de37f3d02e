"""A policy's definition, from JSON to rules; every mistake is named with its place. Pure: no I/O.

Source: docs.databricks.com/admin/clusters/policy-definition
Deviation: a wrong definition is refused when the policy is made (Databricks may refuse only the cluster).
Gaps: `dbus_per_hour`; of `cluster_log_conf` only that it is forbidden.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from brickyard_local.compute import catalogue
from brickyard_local.compute.attributes import CLUSTER_TYPE, CLUSTER_TYPES, LOG_DESTINATION, Attribute, attribute
from brickyard_local.compute.rules import LIMITING, Rule, RuleType, Value, comparable
from brickyard_local.errors import InvalidParameter, NotEmulated

_DEFAULTS = frozenset({"defaultValue", "isOptional"})
_KEYS: Mapping[RuleType, tuple[frozenset[str], frozenset[str]]] = {
    "fixed": (frozenset({"value"}), frozenset()),
    "forbidden": (frozenset(), frozenset()),
    "allowlist": (frozenset({"values"}), _DEFAULTS),
    "blocklist": (frozenset({"values"}), _DEFAULTS),
    "regex": (frozenset({"pattern"}), _DEFAULTS),
    "range": (frozenset(), _DEFAULTS | {"minValue", "maxValue"}),
    "unlimited": (frozenset(), _DEFAULTS),
}
"""Of each type: the keys that it needs, and those that it may have; `type` and `hidden` go with all."""
_MAX_CHARACTERS = 100_000


def parse(text: str) -> tuple[Rule, ...]:
    """The rules of a definition. Errors: InvalidParameter naming path, key and rule; NotEmulated."""
    if len(text) > _MAX_CHARACTERS:
        raise InvalidParameter(f"The policy definition has {len(text)} characters; {_MAX_CHARACTERS} is the limit.")
    try:
        definition = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"The policy definition is not JSON: {error}.") from error
    if not isinstance(definition, dict):
        raise InvalidParameter(
            "The policy definition must be a JSON object that maps attribute paths to rules, such as "
            '{"spark_version": {"type": "fixed", "value": "15.4.x-scala2.12"}}; '
            f"got {type(definition).__name__}."
        )
    return tuple(_rule(path, body) for path, body in definition.items())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InvalidParameter(f"The policy definition names {twice} more than once; an attribute has one rule.")
    return dict(pairs)


def _no_number(text: str) -> float:
    message = f"{text} is no JSON number"
    raise ValueError(message)


def _rule(path: str, body: Any) -> Rule:
    wanted = attribute(path)
    if not isinstance(body, dict):
        raise _wrong(path, f"a rule is an object with a type, got {json.dumps(body)}")
    kind: RuleType | None = next((known for known in _KEYS if known == body.get("type")), None)
    if kind is None:
        raise _wrong(path, f"type is {json.dumps(body.get('type'))}; it is one of {', '.join(_KEYS)}")
    _check_keys(path, kind, body)
    if path.startswith(f"{LOG_DESTINATION}.") and kind != "forbidden":
        raise NotEmulated(f"a {kind} rule of the policy attribute '{path}': logs are delivered nowhere")
    rule = _read(wanted, kind, body)
    if rule.default is not None and not rule.allows(rule.default):
        raise _wrong(path, f"defaultValue {json.dumps(body['defaultValue'])} breaks its own rule: {rule.demand()}")
    return rule


def _check_keys(path: str, kind: RuleType, body: Mapping[str, Any]) -> None:
    needed, optional = _KEYS[kind]
    missing = needed - set(body)
    if missing:
        raise _wrong(path, f"a {kind} rule needs {', '.join(sorted(missing))}")
    unknown = set(body) - needed - optional - {"type", "hidden"}
    if unknown:
        known = sorted(needed | optional | {"type", "hidden"})
        raise _wrong(path, f"a {kind} rule has no {', '.join(sorted(unknown))}; it may have {', '.join(known)}")
    for flag in ("hidden", "isOptional"):
        if not isinstance(body.get(flag, False), bool):
            raise _wrong(path, f"{flag} is {json.dumps(body[flag])}; it is true or false")


def _read(wanted: Attribute, kind: RuleType, body: Mapping[str, Any]) -> Rule:
    readers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "fixed": lambda: {"value": _value(wanted, "value", body["value"])},
        "allowlist": lambda: {"values": _values(wanted, body["values"])},
        "blocklist": lambda: {"values": _values(wanted, body["values"])},
        "regex": lambda: {"pattern": _pattern(wanted, body["pattern"])},
        "range": lambda: _range(wanted, body),
    }
    read = readers[kind]() if kind in readers else {}
    if kind in LIMITING:
        read["optional"] = body.get("isOptional", False)
        if body.get("defaultValue") is not None:
            read["default"] = _value(wanted, "defaultValue", body["defaultValue"])
    return Rule(attribute=wanted, type=kind, **read)


def _value(wanted: Attribute, key: str, value: Any) -> Value:
    fits: Mapping[str, bool] = {
        "number": isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
        "boolean": isinstance(value, bool),
        "string": isinstance(value, str | int | float | bool),
    }
    if not fits[wanted.kind]:
        raise _wrong(wanted.path, f"{key} is {json.dumps(value)}; the attribute is a {wanted.kind}")
    read: Value = comparable(wanted, value)
    if wanted.path == CLUSTER_TYPE and read not in CLUSTER_TYPES:
        raise _wrong(wanted.path, f"{key} is '{read}'; a cluster is one of {', '.join(CLUSTER_TYPES)}")
    return catalogue.resolved(str(read)) if wanted.path == "spark_version" else read


def _values(wanted: Attribute, values: Any) -> tuple[Value, ...]:
    if not isinstance(values, list) or not values:
        raise _wrong(wanted.path, f"values is {json.dumps(values)}; it is a list of at least one value")
    return tuple(_value(wanted, "values", value) for value in values)


def _pattern(wanted: Attribute, pattern: Any) -> str:
    if wanted.kind != "string":
        raise _wrong(wanted.path, f"a regex rule is for text; the attribute is a {wanted.kind}")
    if not isinstance(pattern, str):
        raise _wrong(wanted.path, f"pattern is {json.dumps(pattern)}; it is a regular expression")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise _wrong(wanted.path, f"pattern '{pattern}' is no regular expression: {error}") from error
    return pattern


def _range(wanted: Attribute, body: Mapping[str, Any]) -> dict[str, Any]:
    if wanted.kind != "number":
        raise _wrong(wanted.path, f"a range rule is for numbers; the attribute is a {wanted.kind}")
    bounds = {
        name: _value(wanted, key, body[key])
        for name, key in (("minimum", "minValue"), ("maximum", "maxValue"))
        if body.get(key) is not None
    }
    if not bounds:
        raise _wrong(wanted.path, "a range rule needs minValue, maxValue or both")
    if len(bounds) == 2 and bounds["minimum"] > bounds["maximum"]:  # type: ignore[operator]
        raise _wrong(wanted.path, f"minValue {bounds['minimum']} is above maxValue {bounds['maximum']}")
    return bounds


def _wrong(path: str, what: str) -> InvalidParameter:
    return InvalidParameter(f"Policy definition, attribute '{path}': {what}.")
