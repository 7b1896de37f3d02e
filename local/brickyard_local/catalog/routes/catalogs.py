"""Routes of catalogs and schemas. Source: docs.databricks.com/api/workspace/catalogs, …/schemas."""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.payloads import CreateCatalog, CreateSchema, UpdateCatalog, UpdateSchema
from brickyard_local.catalog.render import info, page
from brickyard_local.catalog.securables import CATALOG, SCHEMA
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter()


@router.post("/catalogs")
def create_catalog(body: CreateCatalog, caller: CurrentCaller, local: Local) -> Document:
    """Errors: CATALOG_ALREADY_EXISTS, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    document = local.containers.create_catalog(caller, body.name, body.given("name"))
    return info(CATALOG, document, local.account.metastore_id)


@router.get("/catalogs")
def list_catalogs(
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    include_unbound: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Only those that the caller may see."""
    found = local.catalog.beside(caller, CATALOG, browse=include_browse, unbound=include_unbound)
    shown = [info(CATALOG, document, local.account.metastore_id) for document in found]
    return page(shown, "catalogs", max_results, page_token)


@router.get("/catalogs/{name}")
def get_catalog(name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED."""
    document = local.catalog.read(caller, CATALOG, name, browse=include_browse)
    return info(CATALOG, document, local.account.metastore_id)


@router.patch("/catalogs/{name}")
def update_catalog(name: str, body: UpdateCatalog, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_catalog`, and CATALOG_ALREADY_EXISTS, PRINCIPAL_DOES_NOT_EXIST."""
    document = local.containers.update_catalog(caller, name, body.given("name"))
    return info(CATALOG, document, local.account.metastore_id)


@router.delete("/catalogs/{name}")
def delete_catalog(name: str, caller: CurrentCaller, local: Local, force: bool = False) -> Document:
    """Errors: as `get_catalog`, and CATALOG_NOT_EMPTY."""
    local.catalog.delete(caller, CATALOG, name, force=force)
    return {}


@router.post("/schemas")
def create_schema(body: CreateSchema, caller: CurrentCaller, local: Local) -> Document:
    """Errors: SCHEMA_ALREADY_EXISTS, CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    fields = body.given("catalog_name", "name")
    document = local.containers.create_schema(caller, body.catalog_name, body.name, fields)
    return info(SCHEMA, document, local.account.metastore_id)


@router.get("/schemas")
def list_schemas(
    catalog_name: str,
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED."""
    found = local.catalog.visible(caller, SCHEMA, catalog_name, browse=include_browse)
    shown = [info(SCHEMA, document, local.account.metastore_id) for document in found]
    return page(shown, "schemas", max_results, page_token)


@router.get("/schemas/{full_name}")
def get_schema(full_name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    document = local.catalog.read(caller, SCHEMA, full_name, browse=include_browse)
    return info(SCHEMA, document, local.account.metastore_id)


@router.patch("/schemas/{full_name}")
def update_schema(full_name: str, body: UpdateSchema, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_schema`, and SCHEMA_ALREADY_EXISTS, PRINCIPAL_DOES_NOT_EXIST."""
    document = local.catalog.update(caller, SCHEMA, full_name, body.given())
    return info(SCHEMA, document, local.account.metastore_id)


@router.delete("/schemas/{full_name}")
def delete_schema(full_name: str, caller: CurrentCaller, local: Local, force: bool = False) -> Document:
    """Errors: as `get_schema`, and SCHEMA_NOT_EMPTY."""
    local.catalog.delete(caller, SCHEMA, full_name, force=force)
    return {}
