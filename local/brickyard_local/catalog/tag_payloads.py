"""The body of tag assignments. What only the platform says (`source_type`, …) is refused from clients, if set."""

from brickyard_local.catalog.payloads import Payload


class TagAssignment(Payload):
    """POST /entity-tag-assignments, and PATCH, which need not repeat the names of its path."""

    entity_type: str | None = None
    entity_name: str | None = None
    tag_key: str | None = None
    tag_value: str | None = None
    update_time: str | None = None
    updated_by: str | None = None
