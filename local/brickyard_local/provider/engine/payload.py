"""Between Terraform's values and the REST API's JSON.

Towards the API zero values are left out, as the genuine provider's structs do, unless the argument is required.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.compare import is_zero
from brickyard_local.provider.schema.model import Block, BlockType
from brickyard_local.provider.wire.values import UNKNOWN, Value

Document = dict[str, Any]


def to_api(block: Block, behaviour: Behaviour, values: Mapping[str, Value], path: str = "") -> Document:
    """The JSON object for a block's values; top-level local arguments are left out."""
    document: Document = {}
    for name, attribute in block.attributes.items():
        value = values.get(name)
        is_local = not path and name in behaviour.local
        if is_local or value is None or value is UNKNOWN or (is_zero(value) and not attribute.required):
            continue
        document[behaviour.api_names.get(f"{path}{name}", name)] = value
    for name, kind in block.blocks.items():
        value = values.get(name)
        if name == "timeouts" or not isinstance(value, list) or not value:
            continue
        items = [to_api(kind.block, behaviour, item, f"{path}{name}.") for item in value]
        document[behaviour.api_names.get(f"{path}{name}", name)] = items[0] if kind.is_one_object else items
    return document


def from_api(block: Block, behaviour: Behaviour, document: Mapping[str, Any], path: str = "") -> Document:
    """The JSON object under Terraform's names, single objects as lists of one. What is absent stays absent."""
    values: Document = {}
    for name in block.attributes:
        key = behaviour.api_names.get(f"{path}{name}", name)
        if key in document:
            values[name] = document[key]
    for name, kind in block.blocks.items():
        key = behaviour.api_names.get(f"{path}{name}", name)
        if document.get(key) is not None:
            values[name] = _blocks(kind, behaviour, document[key], f"{path}{name}.")
    return values


def _blocks(kind: BlockType, behaviour: Behaviour, value: Any, path: str) -> list[Document]:
    items = value if isinstance(value, list) else [value]
    return [from_api(kind.block, behaviour, item, path) for item in items]
