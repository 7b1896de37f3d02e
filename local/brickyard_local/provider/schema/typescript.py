"""Facts of the binding's generated TypeScript, which its source maps carry in full.

The package's `.jsii` assembly alone loses set-or-list and optional-and-computed; the comments and getters of the
TypeScript have both. The generator writes them so regularly that one pattern reads them.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from brickyard_local.provider.errors import BindingUnreadable

_SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,([A-Za-z0-9+/=]+)")
_FACT = re.compile(
    r"^export (?P<kind>class|interface) (?P<name>\w+)(?: extends cdktf\.(?P<base>\w+))?"
    r"|tfResourceType = \"(?P<tf_type>\w+)\""
    r"|^  \* (?P<block>\w+) block$"
    r"|^  // (?P<attribute>\w+) - "
    r"computed: (?P<computed>\w+), optional: (?P<optional>\w+), required: (?P<required>\w+)\n"
    r"(?P<declaration>(?:.*\n){4})",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """One attribute or block: its flags and the lines which declare it."""

    computed: bool
    optional: bool
    required: bool
    source: str


@dataclass(kw_only=True, slots=True)
class BindingClass:
    """One generated class: a resource, a data source, the provider, or the reference to a nested object."""

    base: str
    tf_type: str = ""
    declarations: dict[str, Declaration] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class BindingTypes:
    """All classes of the binding, and which names of an interface are blocks."""

    classes: dict[str, BindingClass] = field(default_factory=dict)
    blocks: dict[str, set[str]] = field(default_factory=dict)


def sources_of(javascript: str) -> Iterator[str]:
    """The TypeScript inside the inline source map. Errors: BindingUnreadable."""
    found = _SOURCE_MAP.search(javascript)
    if found is None:
        return
    try:
        yield from json.loads(base64.b64decode(found.group(1)))["sourcesContent"]
    except (binascii.Error, ValueError, KeyError) as error:
        raise BindingUnreadable("The cdktf binding's source map cannot be read", str(error)) from error


def read_types(sources: Iterator[str]) -> BindingTypes:
    """Classes and blocks of all sources."""
    types = BindingTypes()
    for source in sources:
        _read_source(source, types)
    return types


def _read_source(source: str, types: BindingTypes) -> None:
    owner = BindingClass(base="")
    blocks: set[str] = set()
    for found in _FACT.finditer(source):
        fact = found.groupdict()
        if fact["kind"] == "class":
            owner = types.classes[fact["name"]] = BindingClass(base=fact["base"] or "")
        elif fact["kind"] == "interface":
            blocks = types.blocks.setdefault(fact["name"], set())
        elif fact["tf_type"]:
            owner.tf_type = fact["tf_type"]
        elif fact["block"]:
            blocks.add(fact["block"])
        else:
            owner.declarations[fact["attribute"]] = _declaration(fact)


def _declaration(fact: Mapping[str, str]) -> Declaration:
    return Declaration(
        computed=fact["computed"] == "true",
        optional=fact["optional"] == "true",
        required=fact["required"] == "true",
        source=fact["declaration"],
    )
