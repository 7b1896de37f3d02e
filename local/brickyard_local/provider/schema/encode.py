"""Schemas as protocol messages (for Terraform) and as JSON (for the cache)."""

import json
from typing import Any

from brickyard_local.provider.schema.model import (
    Attribute,
    Block,
    BlockType,
    NestedObject,
    ProviderSchemas,
    Schema,
)

_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
_FLAGS = ("required", "optional", "computed", "sensitive")


def schemas_response(schemas: ProviderSchemas) -> bytes:
    """The serialized GetProviderSchema.Response, made once per binding and kept in the cache."""
    from brickyard_local.provider.wire.messages import message

    response = message("GetProviderSchemaResponse")()
    response.server_capabilities.get_provider_schema_optional = True
    _fill_schema(response.provider, schemas.provider)
    for name, schema in schemas.resources.items():
        _fill_schema(response.resource_schemas[name], schema)
    for name, schema in schemas.data_sources.items():
        _fill_schema(response.data_source_schemas[name], schema)
    packed: bytes = response.SerializeToString()
    return packed


def _fill_schema(target: Any, schema: Schema) -> None:
    target.version = schema.version
    _fill_block(target.block, schema.block)


def _fill_block(target: Any, block: Block) -> None:
    target.SetInParent()  # Terraform crashes on a block which is absent because it is empty
    for name, attribute in sorted(block.attributes.items()):
        _fill_attribute(target.attributes.add(name=name), attribute)
    for name, kind in sorted(block.blocks.items()):
        nested = target.block_types.add(
            type_name=name, nesting=_NESTING[kind.nesting], min_items=kind.min_items, max_items=kind.max_items
        )
        _fill_block(nested.block, kind.block)


def _fill_attribute(target: Any, attribute: Attribute) -> None:
    for flag in _FLAGS:
        if getattr(attribute, flag):
            setattr(target, flag, True)
    if attribute.nested is None:
        target.type = json.dumps(attribute.type).encode()
        return
    target.nested_type.SetInParent()
    target.nested_type.nesting = _NESTING[attribute.nested.nesting]
    for name, inner in sorted(attribute.nested.attributes.items()):
        _fill_attribute(target.nested_type.attributes.add(name=name), inner)


def to_json(schema: Schema) -> dict[str, Any]:
    """The schema as plain JSON."""
    return {"version": schema.version, "block": _block_json(schema.block)}


def _block_json(block: Block) -> dict[str, Any]:
    return {
        "attributes": {name: _attribute_json(item) for name, item in block.attributes.items()},
        "blocks": {
            name: {
                "block": _block_json(kind.block),
                "nesting": kind.nesting,
                "min": kind.min_items,
                "max": kind.max_items,
            }
            for name, kind in block.blocks.items()
        },
    }


def _attribute_json(attribute: Attribute) -> dict[str, Any]:
    document: dict[str, Any] = {flag: True for flag in _FLAGS if getattr(attribute, flag)}
    if attribute.nested is None:
        return {**document, "type": attribute.type}
    nested = {name: _attribute_json(item) for name, item in attribute.nested.attributes.items()}
    return {**document, "nested": nested, "nesting": attribute.nested.nesting}


def from_json(document: dict[str, Any]) -> Schema:
    """The schema a cache file holds."""
    return Schema(version=document["version"], block=_block_of(document["block"]))


def _block_of(document: dict[str, Any]) -> Block:
    return Block(
        attributes={name: _attribute_of(item) for name, item in document["attributes"].items()},
        blocks={
            name: BlockType(
                block=_block_of(item["block"]),
                nesting=item["nesting"],
                min_items=item["min"],
                max_items=item["max"],
            )
            for name, item in document["blocks"].items()
        },
    )


def _attribute_of(document: dict[str, Any]) -> Attribute:
    flags = {flag: document.get(flag, False) for flag in _FLAGS}
    if "nested" not in document:
        return Attribute(type=document["type"], **flags)
    nested = {name: _attribute_of(item) for name, item in document["nested"].items()}
    return Attribute(nested=NestedObject(attributes=nested, nesting=document["nesting"]), **flags)
