"""Routes of tag assignments. Source: docs.databricks.com/api/workspace/entitytagassignments."""

from datetime import UTC, datetime

from brickyard_local import paging
from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.tag_payloads import TagAssignment
from brickyard_local.errors import InvalidParameter
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/entity-tag-assignments")


@router.post("")
def create_tag(body: TagAssignment, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, INVALID_PARAMETER_VALUE, *_DOES_NOT_EXIST, PERMISSION_DENIED."""
    if not (body.entity_type and body.entity_name and body.tag_key):
        raise InvalidParameter("A tag assignment needs entity_type, entity_name and tag_key.")
    made = local.unity.tags.create(caller, body.entity_type, body.entity_name, body.tag_key, body.tag_value)
    return _shown(body.entity_type, body.entity_name, made)


@router.get("/{entity_type}/{entity_name}/tags")
def list_tags(
    entity_type: str,
    entity_name: str,
    caller: CurrentCaller,
    local: Local,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: *_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    found = [_shown(entity_type, entity_name, tag) for tag in local.unity.tags.tags(caller, entity_type, entity_name)]
    chosen, token = paging.page(found, lambda tag: str(tag["tag_key"]), max_results, page_token)
    return {"tag_assignments": chosen, **({"next_page_token": token} if token else {})}


@router.get("/{entity_type}/{entity_name}/tags/{tag_key}")
def get_tag(entity_type: str, entity_name: str, tag_key: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `list_tags`."""
    return _shown(entity_type, entity_name, local.unity.tags.tag(caller, entity_type, entity_name, tag_key))


@router.patch("/{entity_type}/{entity_name}/tags/{tag_key}")
def update_tag(  # noqa: PLR0913 - the API's parameters
    entity_type: str,
    entity_name: str,
    tag_key: str,
    body: TagAssignment,
    caller: CurrentCaller,
    local: Local,
    update_mask: str = "tag_value",
) -> Document:
    """Errors: as `list_tags`, and INVALID_PARAMETER_VALUE for a mask of other fields."""
    if set(update_mask.split(",")) - {"tag_value", "*"}:
        raise InvalidParameter(f"update_mask '{update_mask}': only tag_value can be changed.")
    made = local.unity.tags.update(caller, entity_type, entity_name, tag_key, body.tag_value)
    return _shown(entity_type, entity_name, made)


@router.delete("/{entity_type}/{entity_name}/tags/{tag_key}")
def delete_tag(entity_type: str, entity_name: str, tag_key: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `list_tags`."""
    local.unity.tags.delete(caller, entity_type, entity_name, tag_key)
    return {}


def _shown(entity_type: str, entity_name: str, tag: Document) -> Document:
    shown = {"entity_type": entity_type, "entity_name": entity_name, **tag}
    if "update_time" in tag:
        moment = datetime.fromtimestamp(tag["update_time"] / 1000, UTC)
        shown["update_time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return shown
