"""Tags of catalogs, schemas, tables, columns, volumes, functions and models.

They stand in the securable's document. A registered model's are those that mlflow sets and shows.
Source: docs.databricks.com/api/workspace/entitytagassignments; …/database-objects/tags (limits, characters).
Gaps: governed tags (tag policies): 501. Column tags do not follow a column that is renamed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_local.callers import Caller
from brickyard_local.catalog.kinds import is_function
from brickyard_local.catalog.privileges import READ
from brickyard_local.catalog.securables import CATALOG, MODEL, SCHEMA, TABLE, VOLUME, SecurableType
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotEmulated, NotFound
from brickyard_local.store import Document

APPLY = "APPLY_TAG"
_MOST = 50
_MAX_KEY, _MAX_VALUE = 255, 1000
_KEY = re.compile(r"^(?! )[^.,\-=/:\x00-\x1f]+(?<! )$")
_KINDS: Mapping[str, SecurableType] = {
    "catalogs": CATALOG,
    "schemas": SCHEMA,
    "tables": TABLE,
    "columns": TABLE,
    "volumes": VOLUME,
    "functions": MODEL,
    "models": MODEL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What carries tags: a securable, or a column of a table."""

    kind: SecurableType
    full_name: str
    column: str | None = None


class TagsService:
    """Tag assignments."""

    def __init__(self, catalog: CatalogService, tables: TablesService) -> None:
        self._catalog = catalog
        self._tables = tables

    def create(self, caller: Caller, entity_type: str, name: str, key: str, value: str | None) -> Document:
        """Errors: RESOURCE_ALREADY_EXISTS, InvalidParameter, NotFound, PERMISSION_DENIED."""
        _check(key, value)
        with self._catalog.storage.change():
            entity, document = self._find(caller, entity_type, name, APPLY)
            tags = _tags(entity, document)
            if key in tags:
                raise AlreadyExists(f"Tag '{key}' is already assigned to {name}. Change it with PATCH, or delete it.")
            if len(tags) >= _MOST:
                raise InvalidParameter(f"{name} has {len(tags)} tags: a securable has at most {_MOST}. Delete some.")
            return self._put(caller, entity, document, key, value)

    def update(self, caller: Caller, entity_type: str, name: str, key: str, value: str | None) -> Document:
        """Errors: as `create`, and NotFound when the tag is not assigned."""
        _check(key, value)
        with self._catalog.storage.change():
            entity, document = self._find(caller, entity_type, name, APPLY)
            _assigned(entity, document, key)
            return self._put(caller, entity, document, key, value)

    def delete(self, caller: Caller, entity_type: str, name: str, key: str) -> None:
        """Errors: as `update`."""
        with self._catalog.storage.change():
            entity, document = self._find(caller, entity_type, name, APPLY)
            _assigned(entity, document, key)
            tags = {other: tag for other, tag in _tags(entity, document).items() if other != key}
            self._catalog.documents.put(entity.kind, _with_tags(entity, document, tags))

    def tag(self, caller: Caller, entity_type: str, name: str, key: str) -> Document:
        """Errors: NotFound, PERMISSION_DENIED."""
        entity, document = self._find(caller, entity_type, name, READ)
        return {"tag_key": key, **_assigned(entity, document, key)}

    def tags(self, caller: Caller, entity_type: str, name: str) -> list[Document]:
        """By key. Errors: as `tag`."""
        entity, document = self._find(caller, entity_type, name, READ)
        return [{"tag_key": key, **tag} for key, tag in sorted(_tags(entity, document).items())]

    def _find(self, caller: Caller, entity_type: str, name: str, need: str) -> tuple[Entity, Document]:
        entity = _entity(entity_type, name)
        document = self._catalog.reach(caller, entity.kind, entity.full_name, need)[-1].document
        if entity.kind is MODEL and is_function(document) != (entity_type == "functions"):
            raise NotFound(f"'{name}' is not one of the {entity_type}.", error_code=MODEL.missing)
        if entity.column is not None:
            columns = [column["name"] for column in self._tables.fresh(document).get("columns", [])]
            if entity.column not in map(str.lower, columns):
                raise NotFound(f"Table '{entity.full_name}' has no column '{entity.column}', but {columns}.")
        return entity, document

    def _put(self, caller: Caller, entity: Entity, document: Document, key: str, value: str | None) -> Document:
        given = {} if value is None else {"tag_value": value}
        tag = {**given, "update_time": now_ms(), "updated_by": caller.principal}
        tags = {**_tags(entity, document), key: tag}
        self._catalog.documents.put(entity.kind, _with_tags(entity, document, tags))
        return {"tag_key": key, **tag}


def _entity(entity_type: str, name: str) -> Entity:
    kind = _KINDS.get(entity_type)
    if kind is None:
        raise NotEmulated(f"tags of entities of type '{entity_type}'; those of {', '.join(_KINDS)} are")
    if entity_type != "columns":
        return Entity(kind=kind, full_name=name.lower())
    table, _, column = name.lower().rpartition(".")
    return Entity(kind=kind, full_name=table, column=column)


def _tags(entity: Entity, document: Document) -> dict[str, Document]:
    if entity.column is not None:
        found: dict[str, Document] = document.get("column_tags", {}).get(entity.column, {})
        return found
    tags: dict[str, Document] = document.get("entity_tags", {})
    if entity.kind is not MODEL or is_function(document):
        return tags
    # mlflow sets and deletes values only; who did it when is known of those that were assigned here.
    return {key: {**tags.get(key, {}), "tag_value": value} for key, value in document.get("tags", {}).items()}


def _with_tags(entity: Entity, document: Document, tags: dict[str, Document]) -> Document:
    if entity.column is not None:
        return {**document, "column_tags": {**document.get("column_tags", {}), entity.column: tags}}
    if entity.kind is MODEL and not is_function(document):
        document = {**document, "tags": {key: tag.get("tag_value", "") for key, tag in tags.items()}}
    return {**document, "entity_tags": tags}


def _assigned(entity: Entity, document: Document, key: str) -> Document:
    tag = _tags(entity, document).get(key)
    if tag is None:
        raise NotFound(
            f"Tag '{key}' is not assigned to {entity.full_name}{'.' + entity.column if entity.column else ''}."
        )
    return tag


def _check(key: str, value: str | None) -> None:
    if len(key) > _MAX_KEY or not _KEY.match(key):
        raise InvalidParameter(
            f"'{key[:80]}' is not a tag key: 1 to {_MAX_KEY} characters without . , - = / : and without spaces at the "
            "ends."
        )
    if value is not None and len(value) > _MAX_VALUE:
        raise InvalidParameter(f"A tag's value has at most {_MAX_VALUE} characters; this one has {len(value)}.")
