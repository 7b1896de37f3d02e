"""A Terraform schema as data: attributes, nested objects and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Nesting = Literal["single", "list", "set", "map"]
CtyType = Any
"""`"string"`, `"number"`, `"bool"`, or `["list" | "set" | "map", type]`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One attribute: of a plain type, or a nested object or collection of objects."""

    type: CtyType = None
    nested: "NestedObject | None" = None
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False

    @property
    def is_read_only(self) -> bool:
        """Computed, and never from the configuration."""
        return self.computed and not self.optional


@dataclass(frozen=True, kw_only=True, slots=True)
class NestedObject:
    """An attribute which is an object, or a collection of objects."""

    attributes: Mapping[str, Attribute]
    nesting: Nesting


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockType:
    """A nested block: its content, and how many of it there are."""

    block: "Block"
    nesting: Nesting
    min_items: int = 0
    max_items: int = 0

    @property
    def is_one_object(self) -> bool:
        """Whether the REST API holds one object where Terraform holds a list."""
        return self.max_items == 1 or self.nesting == "single"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The content of a block."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, BlockType] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """A resource's, a data source's or the provider's schema."""

    block: Block
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderSchemas:
    """Everything the binding declares: the provider's own block, resources and data sources by type name."""

    provider: Schema
    resources: Mapping[str, Schema]
    data_sources: Mapping[str, Schema]
