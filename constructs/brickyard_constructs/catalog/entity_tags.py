"""Tags of Unity Catalog, which policies and searches read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cdktf_cdktf_provider_databricks.entity_tag_assignment import EntityTagAssignment
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, claim, take_over

# Source: docs.databricks.com, "Apply tags to Unity Catalog securable objects": constraints.
_KEY = re.compile(r"(?! )[^.,\-=/:\x00-\x1f]{1,255}(?<! )")
_MAX_VALUE, _MAX_TAGS = 1000, 50


class TaggedEntity(StrEnum):
    """What carries tags; the values are those of databricks_entity_tag_assignment."""

    CATALOG = "catalogs"
    SCHEMA = "schemas"
    TABLE = "tables"
    COLUMN = "columns"
    VOLUME = "volumes"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityTagsProps:
    """The entity and its tags. `name` is plain text; `full_name` may refer to the resource, which is then first.

    A column's name is that of its table and its own. With `adopt`, every tag is there already, and is imported.
    """

    entity: TaggedEntity
    name: str
    tags: Mapping[str, str]
    full_name: str = ""
    ownership: Ownership = "create"

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("tags", self.tags)
        check_ownership(self.ownership)
        if self.ownership == "reference":
            raise InvalidProps(
                "ownership", self.ownership, rule="others' tags are left alone: leave this construct out"
            )
        if len(self.tags) > _MAX_TAGS:
            raise InvalidProps("tags", len(self.tags), rule=f"an entity carries at most {_MAX_TAGS}")
        for key, value in self.tags.items():
            if not _KEY.fullmatch(key):
                rule = "1 to 255 characters, none of . , - = / : and no space at an end"
                raise InvalidProps("tags", key, rule=rule)
            if known(value) and len(value) > _MAX_VALUE:
                raise InvalidProps(f"tags.{key}", value, rule=f"at most {_MAX_VALUE} characters")


class EntityTags(Construct):
    """Tags on a catalog, a schema, a table, a column or a volume. Tags with other keys are left alone.

    Creates: databricks_entity_tag_assignment for each tag.
    Errors: TwoOwners, when another construct of the app sets the same tag of the same entity.
    Gaps: registered models and functions; the provider (1.99) takes neither.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/entity_tag_assignment
    """

    def __init__(self, scope: Construct, id_: str, props: EntityTagsProps) -> None:
        super().__init__(scope, id_)
        for key, value in props.tags.items():
            claim(self, f"tag {key} of {props.entity} {props.name}")
            tag = EntityTagAssignment(
                self,
                key,
                entity_type=props.entity.value,
                entity_name=props.full_name or props.name,
                tag_key=key,
                tag_value=value,
            )
            take_over(tag, props.ownership, f"{props.entity},{props.name},{key}")
