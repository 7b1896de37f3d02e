"""Derive Terraform's schemas from the binding's classes."""

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from brickyard_local.provider.errors import BindingUnreadable
from brickyard_local.provider.schema.model import (
    Attribute,
    Block,
    BlockType,
    CtyType,
    NestedObject,
    Nesting,
    ProviderSchemas,
    Schema,
)
from brickyard_local.provider.schema.sensitive import is_sensitive
from brickyard_local.provider.schema.typescript import (
    BindingClass,
    BindingTypes,
    Declaration,
    read_types,
    sources_of,
)

_REFERENCE = re.compile(r"= new (?P<reference>\w+)\(this, \"\w+\"(?:, (?P<is_set>true|false))?\)")
_GETTER = re.compile(r"(?P<tolist>cdktf\.Fn\.tolist\()?this\.get(?P<kind>\w+)Attribute\(")
_COMPUTED_MAP = re.compile(r"= new cdktf\.(?P<kind>String|Number|Boolean)Map\(")
_FIELD = re.compile(r"private _\w+\?: (?P<type>\w+)")
_CTY_BY_GETTER: Mapping[str, CtyType] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
}
# The binding says "one" or "many" only.
_MAX_ITEMS: Mapping[str, int] = {"init_scripts": 10}
_CTY_BY_FIELD: Mapping[str, CtyType] = {"string": "string", "number": "number", "boolean": "bool"}


def derive(package: Path) -> ProviderSchemas:
    """All schemas of the binding's `.tgz`. Errors: BindingUnreadable."""
    types = read_types(_sources(package))
    return ProviderSchemas(
        provider=_schemas(types, "TerraformProvider")["databricks"],
        resources=_schemas(types, "TerraformResource"),
        data_sources=_schemas(types, "TerraformDataSource"),
    )


def _sources(package: Path) -> Iterator[str]:
    with tarfile.open(package, "r:gz") as archive:
        for member in archive:
            if member.name.startswith("package/lib/") and member.name.endswith(".js"):
                file = archive.extractfile(member)
                yield from sources_of(file.read().decode()) if file else ()


def _schemas(types: BindingTypes, base: str) -> dict[str, Schema]:
    found = {
        binding.tf_type: Schema(block=_Deriver(types, binding.tf_type).block(name, f"{name}Config", binding))
        for name, binding in types.classes.items()
        if binding.base == base
    }
    if not found:
        raise BindingUnreadable(f"The cdktf binding has no {base}", "Its layout is not the one this provider reads.")
    return dict(sorted(found.items()))


class _Deriver:
    """Walks one resource's classes; remembers the Terraform path for the sensitive overlay."""

    def __init__(self, types: BindingTypes, tf_type: str) -> None:
        self._types = types
        self._tf_type = tf_type

    def block(self, class_name: str, interface: str, binding: BindingClass, path: str = "") -> Block:
        block_names = self._types.blocks.get(interface, set())
        attributes: dict[str, Attribute] = {}
        blocks: dict[str, BlockType] = {}
        for name, declaration in sorted(binding.declarations.items()):
            if binding.base == "TerraformProvider" and name == "alias":
                continue  # a meta-argument of Terraform itself
            if name in block_names:
                blocks[name] = self._block_type(class_name, declaration, f"{path}{name}")
            else:
                attributes[name] = self._attribute(class_name, declaration, f"{path}{name}")
        return Block(attributes=attributes, blocks=blocks)

    def _block_type(self, owner: str, declaration: Declaration, path: str) -> BlockType:
        block, nesting, is_single = self._nested(owner, declaration, path)
        is_timeouts = path == "timeouts"
        return BlockType(
            block=block,
            nesting="single" if is_timeouts else nesting,
            min_items=1 if declaration.required and not is_timeouts else 0,
            max_items=_MAX_ITEMS.get(path.rpartition(".")[2], 1 if is_single and not is_timeouts else 0),
        )

    def _attribute(self, owner: str, declaration: Declaration, path: str) -> Attribute:
        attribute = Attribute(
            required=declaration.required,
            optional=declaration.optional,
            # Inside computed objects the binding marks required members as computed too; Terraform refuses that.
            computed=declaration.computed and not declaration.required,
            sensitive=is_sensitive(self._tf_type, path),
        )
        if _REFERENCE.search(declaration.source) is None:
            return replace(attribute, type=_cty_type(declaration, f"{self._tf_type}.{path}"))
        block, nesting, is_single = self._nested(owner, declaration, path)
        nested = NestedObject(attributes=_as_attributes(block), nesting="single" if is_single else nesting)
        return replace(attribute, nested=nested)

    def _nested(self, owner: str, declaration: Declaration, path: str) -> tuple[Block, Nesting, bool]:
        found = _REFERENCE.search(declaration.source)
        if found is None:
            raise BindingUnreadable(f"{self._tf_type}.{path} of {owner} has no nested object")
        reference, is_set = found.group("reference"), found.group("is_set")
        struct = re.sub(r"(OutputReference|List|Map)$", "", reference)
        class_name = f"{struct}OutputReference"
        block = self.block(class_name, struct, self._types.classes[class_name], f"{path}.")
        nesting: Nesting = "set" if is_set == "true" else "list"
        if reference.endswith("Map"):
            nesting = "map"
        return block, nesting, reference.endswith("OutputReference")


def _as_attributes(block: Block) -> dict[str, Attribute]:
    """Blocks inside a nested attribute are nested attributes themselves: only blocks hold blocks."""
    nested = {
        name: Attribute(
            nested=NestedObject(
                attributes=_as_attributes(kind.block), nesting="single" if kind.is_one_object else kind.nesting
            ),
            optional=True,
        )
        for name, kind in block.blocks.items()
    }
    return {**block.attributes, **nested}


def _cty_type(declaration: Declaration, place: str) -> CtyType:
    getter = _GETTER.search(declaration.source)
    if getter is not None:
        cty = _CTY_BY_GETTER[getter.group("kind")]
        return ["set", cty[1]] if getter.group("tolist") else cty
    computed_map = _COMPUTED_MAP.search(declaration.source)
    if computed_map is not None:
        return ["map", _CTY_BY_GETTER[computed_map.group("kind")]]
    declared = _FIELD.search(declaration.source)
    if declared is None:
        raise BindingUnreadable(f"{place} has no type this provider can read", declaration.source)
    return _CTY_BY_FIELD[declared.group("type")]
