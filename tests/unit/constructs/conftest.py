"""A stack to put constructs into, what came of it, and whether the provider's schemas allow it."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis  # pytest would collect a class called Testing

from brickyard_local.provider.schema.cache import binding_package
from brickyard_local.provider.schema.derive import derive
from brickyard_local.provider.schema.model import Attribute, Block, BlockType, CtyType, ProviderSchemas

_META = {"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection"}
_PLAIN: Mapping[CtyType, tuple[type, ...]] = {
    "string": (str, int, float, bool),
    "number": (int, float),
    "bool": (bool,),
}


@pytest.fixture
def stack(tmp_path: Path) -> TerraformStack:
    return TerraformStack(Synthesis.app(outdir=str(tmp_path)), "stack")


@pytest.fixture
def synth(stack: TerraformStack) -> Callable[[], dict[str, Any]]:
    """The stack's Terraform, by resource type and then by name; and its locals, by name."""

    def run() -> dict[str, Any]:
        document = json.loads(Synthesis.synth(stack))
        return {**document.get("resource", {}), "locals": document.get("locals", {})}

    return run


@pytest.fixture(scope="session")
def provider_schemas() -> ProviderSchemas:
    """What the bindings were generated from: arguments, blocks, which of them are required."""
    return derive(binding_package())


@pytest.fixture
def schema_problems(provider_schemas: ProviderSchemas) -> Callable[[TerraformStack], list[str]]:
    """What Databricks' provider would refuse of a stack at once, asking nobody. Other providers' are let be."""

    def check(stack: TerraformStack) -> list[str]:
        document = json.loads(Synthesis.synth(stack))
        known = {"resource": provider_schemas.resources, "data": provider_schemas.data_sources}
        return [
            problem
            for kind, schemas in known.items()
            for type_name, made in document.get(kind, {}).items()
            if type_name.startswith("databricks_")
            for name, arguments in made.items()
            for problem in _of_block(schemas[type_name].block, arguments, f"{type_name}.{name}")
        ]

    return check


def _of_block(block: Block, given: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in given.keys() - block.attributes.keys() - block.blocks.keys() - _META - {"//"}:
        yield f"{where}.{name} is no argument"
    for name, attribute in block.attributes.items():
        yield from _of_attribute(attribute, given.get(name), f"{where}.{name}")
    for name, block_type in block.blocks.items():
        yield from _of_blocks(block_type, given.get(name, []), f"{where}.{name}")


def _of_attribute(attribute: Attribute, value: Any, where: str) -> Iterator[str]:
    if value is None:
        if attribute.required:
            yield f"{where} is required"
    elif attribute.is_read_only:
        yield f"{where} is read-only"
    elif attribute.nested is None:
        yield from _of_value(attribute.type, value, where)
    else:
        several = attribute.nested.nesting in ("list", "set")
        nested = Block(attributes=attribute.nested.attributes)
        for one in value if several else [value]:
            yield from _of_block(nested, one, where)


def _of_blocks(block_type: BlockType, value: Any, where: str) -> Iterator[str]:
    blocks = value if isinstance(value, list) else [value]
    if len(blocks) < block_type.min_items or (block_type.max_items and len(blocks) > block_type.max_items):
        yield f"{where} stands {len(blocks)} times, not {block_type.min_items} to {block_type.max_items}"
    for number, one in enumerate(blocks):
        yield from _of_block(block_type.block, one, f"{where}[{number}]")


def _of_value(wanted: CtyType, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and "${" in value:
        return
    if isinstance(wanted, str):
        if not isinstance(value, _PLAIN[wanted]) or (wanted == "number" and isinstance(value, bool)):
            yield f"{where}: {value!r} is no {wanted}"
        return
    collection, item = wanted
    if not isinstance(value, dict if collection == "map" else list):
        yield f"{where}: {value!r} is no {collection}"
        return
    for one in value.values() if isinstance(value, dict) else value:
        yield from _of_value(item, one, where)
