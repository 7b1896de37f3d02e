"""Numbers of a configuration. Terraform reads them more exactly than a float is, and sends 0.2 as text.

Source: github.com/zclconf/go-cty, cty/msgpack/marshal.go (numbers that no float64 is equal to are strings)
"""

import json

from brickyard_local.provider.schema.model import Attribute, Block, CtyType
from brickyard_local.provider.wire.values import Value


def with_numbers(block: Block, value: Value) -> Value:
    """A block's values with every number as a number.

    >>> block = Block(attributes={"n": Attribute(type="number"), "s": Attribute(type="string")})
    >>> with_numbers(block, {"n": "0.2", "s": "1"})
    {'n': 0.2, 's': '1'}
    """
    if not isinstance(value, dict):
        return value
    attributes = {n: _of(block.attributes[n], item) for n, item in value.items() if n in block.attributes}
    blocks = {
        name: [with_numbers(kind.block, item) for item in value[name]]
        for name, kind in block.blocks.items()
        if isinstance(value.get(name), list)
    }
    return {**value, **attributes, **blocks}


def _of(attribute: Attribute, value: Value) -> Value:
    if attribute.nested is None:
        return _plain(attribute.type, value)
    members = Block(attributes=attribute.nested.attributes)
    if attribute.nested.nesting == "map" and isinstance(value, dict):
        return {key: with_numbers(members, item) for key, item in value.items()}
    return [with_numbers(members, item) for item in value] if isinstance(value, list) else with_numbers(members, value)


def _plain(kind: CtyType, value: Value) -> Value:
    if kind == "number":
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(kind, list) and isinstance(value, list):
        return [_plain(kind[1], item) for item in value]
    if isinstance(kind, list) and isinstance(value, dict) and kind[0] == "map":
        return {key: _plain(kind[1], item) for key, item in value.items()}
    return value
