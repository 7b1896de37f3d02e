"""Models and versions as the two dialects show them.

Source: the dataclasses of databricks-sdk's `service/catalog.py`; mlflow's `databricks_uc_registry_messages.proto`.
"""

from brickyard_local.store import Document

_MODEL_FIELDS = ("full_name", "owner", "comment", "created_at", "created_by", "updated_at", "updated_by", "browse_only")
_VERSION_FIELDS = (
    "id",
    "version",
    "status",
    "comment",
    "source",
    "run_id",
    "run_workspace_id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "model_id",
)
_PROTO_VERSION_FIELDS = {
    "description": "comment",
    "source": "source",
    "run_id": "run_id",
    "run_tracking_server_id": "run_tracking_server_id",
    "status": "status",
    "user_id": "created_by",
    "creation_timestamp": "created_at",
    "last_updated_timestamp": "updated_at",
    "model_id": "model_id",
}


def model_info(document: Document, metastore_id: str, *, aliases: bool) -> Document:
    """RegisteredModelInfo."""
    catalog, schema, name = document["full_name"].split(".")
    shown = _chosen(document, _MODEL_FIELDS)
    shown |= {"catalog_name": catalog, "schema_name": schema, "name": name, "metastore_id": metastore_id}
    if document["tags"]:
        shown["tags"] = _tags(document)
    if aliases:
        shown["aliases"] = [
            alias_info(document, alias, version) for alias, version in sorted(document["aliases"].items())
        ]
    return shown


def alias_info(model: Document, alias: str, version: int) -> Document:
    """RegisteredModelAlias."""
    catalog, schema, name = model["full_name"].split(".")
    where = {"catalog_name": catalog, "schema_name": schema, "model_name": name}
    return {**where, "alias_name": alias, "version_num": version}


def version_info(document: Document, metastore_id: str, *, aliases: bool) -> Document:
    """ModelVersionInfo."""
    catalog, schema, name = document["full_name"].split(".")
    shown = _chosen(document, _VERSION_FIELDS)
    shown |= {"catalog_name": catalog, "schema_name": schema, "model_name": name, "metastore_id": metastore_id}
    if document["tags"]:
        shown["tags"] = _tags(document)
    if aliases:
        shown["aliases"] = [alias_info(document, alias, document["version"]) for alias in document["aliases"]]
    return shown


def model_proto(document: Document, *, search: bool = False) -> Document:
    """RegisteredModel of mlflow; searches leave aliases and tags out."""
    shown = {
        "name": document["full_name"],
        "creation_timestamp": document["created_at"],
        "last_updated_timestamp": document["updated_at"],
        "user_id": document["created_by"],
        "description": document.get("comment") or "",
    }
    if search:
        return shown
    aliases = sorted(document["aliases"].items())
    return {
        **shown,
        "aliases": [{"alias": alias, "version": str(version)} for alias, version in aliases],
        "tags": _tags(document),
    }


def version_proto(document: Document, location: str, *, search: bool = False) -> Document:
    """ModelVersion of mlflow; searches leave aliases and tags out."""
    shown = {field: document[kept] for field, kept in _PROTO_VERSION_FIELDS.items() if document.get(kept) is not None}
    number = str(document["version"])
    shown |= {"name": document["full_name"], "version": number, "storage_location": location}
    if search:
        return shown
    aliases = [{"alias": alias, "version": number} for alias in document.get("aliases", [])]
    return {**shown, "aliases": aliases, "tags": _tags(document)}


def _tags(document: Document) -> list[Document]:
    return [{"key": key, "value": value} for key, value in sorted(document["tags"].items())]


def _chosen(document: Document, fields: tuple[str, ...]) -> Document:
    return {field: document[field] for field in fields if document.get(field) is not None}
