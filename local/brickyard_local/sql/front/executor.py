"""Does what a parsed statement says, through Unity Catalog's API in the caller's name.

Columns of the answers: docs.databricks.com/sql/language-manual: sql-ref-syntax-aux-{show,describe}-*,
security-show-grant.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from brickyard_local.errors import ApiError, InvalidParameter, NotFound
from brickyard_local.sql.front.api import CatalogApi
from brickyard_local.sql.front.commands import (
    CATALOG,
    EXTERNAL_LOCATION,
    METASTORE,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    Change,
    ChangeGrants,
    ChangeTags,
    Create,
    Describe,
    Drop,
    Name,
    Securable,
    Show,
    ShowGrants,
)
from brickyard_local.sql.front.outcome import Row, Rows
from brickyard_local.store import Document

_PATHS = {CATALOG: "catalogs", SCHEMA: "schemas", TABLE: "tables", VOLUME: "volumes"}
_LEVELS = {CATALOG: 1, SCHEMA: 2, EXTERNAL_LOCATION: 1, STORAGE_CREDENTIAL: 1}


class Executor:
    """One statement's. `catalog` and `schema` complete names that are not whole."""

    def __init__(self, api: CatalogApi, *, catalog: str | None, schema: str | None) -> None:
        self._api = api
        self._catalog = catalog
        self._schema = schema

    def run(self, command: object) -> Rows:
        """Errors: those of the API."""
        done: dict[type, Callable[[Any], Rows]] = {
            ChangeGrants: self._change_grants,
            ShowGrants: self._show_grants,
            Show: self._show,
            Create: self._create,
            Drop: self._drop,
            Change: self._change,
            ChangeTags: self._change_tags,
            Describe: self._describe,
        }
        return done[type(command)](command)

    def full_name(self, securable: Securable) -> str:
        """The whole name. Errors: InvalidParameter for too many parts."""
        if securable.kind == METASTORE:
            return str(self._api.get("metastore_summary")["metastore_id"])
        wanted = _LEVELS.get(securable.kind, 3)
        if len(securable.name) > wanted:
            raise InvalidParameter(f"'{'.'.join(securable.name)}' has too many parts for a {securable.kind}.")
        dotted = [part for part in securable.name if "." in part]
        if dotted:
            raise InvalidParameter(f"'{dotted[0]}' is not a valid name of a {securable.kind}: names have no dots.")
        return ".".join(self._completed(securable.name, wanted))

    def _completed(self, name: Name, wanted: int) -> Name:
        missing = wanted - len(name)
        before = [self.current_catalog(), self._schema or "default"][: wanted - 1] if missing else []
        return (*before[:missing], *name)

    def current_catalog(self) -> str:
        """The statement's, or the first that the principal may use, as Spark's session has it."""
        if self._catalog is None:
            catalogs = self._api.every("catalogs", "catalogs")
            if not catalogs:
                raise NotFound("There is no catalog that you may use: name one.", error_code="NO_SUCH_CATALOG")
            self._catalog = str(catalogs[0]["name"])
        return self._catalog

    def _change_grants(self, command: ChangeGrants) -> Rows:
        privileges = [name.replace(" ", "_") for name in command.privileges]
        change = {"principal": command.principal, "remove" if command.revoke else "add": privileges}
        path = ("permissions", command.securable.kind.lower(), self.full_name(command.securable))
        self._api.patch(*path, body={"changes": [change]})
        return Rows()

    def _show_grants(self, command: ShowGrants) -> Rows:
        name, kind = self.full_name(command.securable), command.securable.kind
        query = {"principal": command.principal} if command.principal else {}
        assigned = self._api.every("privilege_assignments", "effective-permissions", kind.lower(), name, **query)
        rows = [
            (
                str(each["principal"]),
                str(privilege["privilege"]).replace("_", " "),
                str(privilege.get("inherited_from_type") or kind),
                str(privilege.get("inherited_from_name") or name),
            )
            for each in assigned
            for privilege in each["privileges"]
        ]
        return Rows(columns=("Principal", "ActionType", "ObjectType", "ObjectKey"), rows=sorted(rows))

    def _show(self, command: Show) -> Rows:
        names = [name for name in self._names(command) if _matches(name, command.pattern)]
        if command.kind == VOLUME:
            schema = self._parent(command)[-1]
            return Rows(columns=("database", "volume_name"), rows=[(schema, name) for name in names])
        column = "catalog" if command.kind == CATALOG else "databaseName"
        return Rows(columns=(column,), rows=[(name,) for name in names])

    def _names(self, command: Show) -> Iterator[str]:
        path, parent = _PATHS[command.kind], self._parent(command)
        query = dict(zip(("catalog_name", "schema_name"), parent, strict=False))
        for each in self._api.every(path, path, **query):
            yield str(each["name"])

    def _parent(self, command: Show) -> Name:
        wanted = {CATALOG: 0, SCHEMA: 1, VOLUME: 2}[command.kind]
        if len(command.parent) > wanted:
            raise InvalidParameter(f"'{'.'.join(command.parent)}' has too many parts.")
        if len(command.parent) == wanted:
            return command.parent
        return self._completed(command.parent, wanted) if command.parent else self._current()[:wanted]

    def _current(self) -> Name:
        return (self.current_catalog(), self._schema or "default")

    def _create(self, command: Create) -> Rows:
        kind, full_name = command.securable.kind, self.full_name(command.securable)
        *above, name = full_name.split(".")
        body: Document = dict(zip(("catalog_name", "schema_name"), above, strict=False)) | {"name": name}
        if command.comment is not None:
            body["comment"] = command.comment
        if command.properties:
            if kind == VOLUME:
                raise InvalidParameter("A volume has no properties.")
            body["properties"] = dict(command.properties)
        if kind == VOLUME:
            body["volume_type"] = "MANAGED"
        try:
            self._api.post(_PATHS[kind], body=body)
        except ApiError as error:
            if not (command.if_not_exists and error.error_code.endswith("ALREADY_EXISTS")):
                raise
        return Rows()

    def _drop(self, command: Drop) -> Rows:
        kind = command.securable.kind
        query = {"force": "true"} if command.cascade and kind != VOLUME else {}
        try:
            self._api.delete(_PATHS[kind], self.full_name(command.securable), **query)
        except NotFound:
            if not command.if_exists:
                raise
        return Rows()

    def _change(self, command: Change) -> Rows:
        kind = command.securable.kind
        path = _PATHS.get(kind, f"{kind.lower()}s")
        self._api.patch(path, self.full_name(command.securable), body=dict(command.fields))
        return Rows()

    def _change_tags(self, command: ChangeTags) -> Rows:
        full_name = self.full_name(command.securable)
        kind = f"{command.securable.kind.lower()}s"
        if command.column is not None:
            kind, full_name = "columns", f"{full_name}.{command.column}"
        known = {tag["tag_key"] for tag in self._tags(kind, full_name)}
        for key, value in command.assigned.items():
            self._assign(kind, full_name, key, value, known=key in known)
        for key in command.removed:
            if key in known:
                self._api.delete("entity-tag-assignments", kind, full_name, "tags", key)
        return Rows()

    def _tags(self, kind: str, full_name: str) -> list[Document]:
        return self._api.every("tag_assignments", "entity-tag-assignments", kind, full_name, "tags")

    def _assign(self, kind: str, full_name: str, key: str, value: str, *, known: bool) -> None:
        if known:
            path = ("entity-tag-assignments", kind, full_name, "tags", key)
            self._api.patch(*path, body={"tag_value": value}, update_mask="tag_value")
        else:
            body = {"entity_type": kind, "entity_name": full_name, "tag_key": key, "tag_value": value}
            self._api.post("entity-tag-assignments", body=body)

    def _describe(self, command: Describe) -> Rows:
        kind, full_name = command.securable.kind, self.full_name(command.securable)
        document = self._api.get(_PATHS[kind], full_name)
        if kind == VOLUME:
            return _described_volume(document)
        rows = _described_catalog(document) if kind == CATALOG else _described_schema(document)
        if command.extended:
            properties = document.get("properties") or {}
            shown = ", ".join(f"({key},{value})" for key, value in sorted(properties.items()))
            rows += [("Properties", f"({shown})" if shown else "")]
        first = "info_name" if kind == CATALOG else "database_description_item"
        second = "info_value" if kind == CATALOG else "database_description_value"
        return Rows(columns=(first, second), rows=rows)


def _described_catalog(document: Mapping[str, Any]) -> list[Row]:
    return [
        ("Catalog Name", document["name"]),
        ("Comment", document.get("comment") or ""),
        ("Owner", document["owner"]),
        ("Catalog Type", document.get("catalog_type", "MANAGED_CATALOG")),
    ]


def _described_schema(document: Mapping[str, Any]) -> list[Row]:
    return [
        ("Catalog Name", document["catalog_name"]),
        ("Namespace Name", document["name"]),
        ("Comment", document.get("comment") or ""),
        ("Owner", document["owner"]),
    ]


def _described_volume(document: Mapping[str, Any]) -> Rows:
    columns = ("name", "catalog", "database", "owner", "storageLocation", "volumeType", "comment")
    fields = ("name", "catalog_name", "schema_name", "owner", "storage_location", "volume_type", "comment")
    return Rows(columns=columns, rows=[tuple(document.get(field) for field in fields)])


def _matches(name: str, pattern: str | None) -> bool:
    """A pattern of SHOW: `*` stands for any characters, `|` for or.

    >>> _matches("silver", "b*|S*"), _matches("silver", "il")
    (True, False)
    """
    if pattern is None:
        return True
    options = (each.strip().lower().replace("[", "[[]").replace("?", "[?]") for each in pattern.split("|"))
    return any(fnmatch.fnmatchcase(name.lower(), each) for each in options)
