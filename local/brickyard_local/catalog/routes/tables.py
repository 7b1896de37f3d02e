"""Routes of tables, views, constraints and the files of tables.

Source: docs.databricks.com/api/workspace/tables, …/tableconstraints, …/temporarytablecredentials.
"""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.payloads import (
    CreateConstraint,
    CreateStagingTable,
    CreateTable,
    TableCredentialRequest,
    UpdateTable,
)
from brickyard_local.catalog.reaching import Found, Page
from brickyard_local.catalog.render import info
from brickyard_local.catalog.securables import TABLE
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter()
# databricks-sdk asks under /api/2.0, clients of the open-source Unity Catalog under /api/2.1.
credentials = LazyRouter()
_NOT_LISTED = frozenset({"view_dependencies", "table_constraints"})


@router.post("/staging-tables")
def stage_table(body: CreateStagingTable, caller: CurrentCaller, local: Local) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, TABLE_ALREADY_EXISTS, PERMISSION_DENIED."""
    staged = local.tables.stage(caller, body.catalog_name, body.schema_name, body.name)
    return {**info(TABLE, staged, local.account.metastore_id), "id": staged["id"]}


@router.post("/tables")
def create_table(body: CreateTable, caller: CurrentCaller, local: Local) -> Document:
    """Errors: TABLE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    return _info(local.tables.create(caller, body), local)


@router.get("/tables")
def list_tables(  # noqa: PLR0913 - the API's parameters
    catalog_name: str,
    schema_name: str,
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    omit_columns: bool = False,
    omit_properties: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    parent = f"{catalog_name}.{schema_name}"
    omitted = _NOT_LISTED | ({"columns"} if omit_columns else set())
    omitted |= {"properties"} if omit_properties else set()
    page = Page(max_results=max_results, page_token=page_token)
    found = local.tables.tables(caller, parent, page, browse=include_browse)
    documents = found.documents if omit_columns else map(local.tables.fresh, found.documents)
    return _page([_without(_info(document, local), omitted) for document in documents], found)


@router.get("/table-summaries")
def list_table_summaries(  # noqa: PLR0913 - the API's parameters
    catalog_name: str,
    caller: CurrentCaller,
    local: Local,
    schema_name_pattern: str | None = None,
    table_name_pattern: str | None = None,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED."""
    page = Page(max_results=max_results, page_token=page_token)
    found = local.tables.summaries(caller, catalog_name, page, schema_name_pattern, table_name_pattern)
    shown = [{"full_name": each["full_name"], "table_type": each["table_type"]} for each in found.documents]
    return _page(shown, found)


@router.get("/tables/{full_name}")
def get_table(full_name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: TABLE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _info(local.tables.table(caller, full_name, browse=include_browse), local)


@router.get("/tables/{full_name}/exists")
def table_exists(full_name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return {"table_exists": local.tables.exists(caller, full_name)}


@router.patch("/tables/{full_name}")
def update_table(full_name: str, body: UpdateTable, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_table`, and PRINCIPAL_DOES_NOT_EXIST."""
    return _info(local.tables.update(caller, full_name, body.given()), local)


@router.delete("/tables/{full_name}")
def delete_table(full_name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_table`."""
    local.tables.delete(caller, full_name)
    return {}


@router.post("/constraints")
def create_constraint(body: CreateConstraint, caller: CurrentCaller, local: Local) -> Document:
    """Errors: TABLE_DOES_NOT_EXIST, RESOURCE_ALREADY_EXISTS, PERMISSION_DENIED."""
    local.unity.constraints.create(caller, body.full_name_arg, body.constraint)
    return body.constraint


@router.delete("/constraints/{full_name}")
def delete_constraint(
    full_name: str, constraint_name: str, caller: CurrentCaller, local: Local, cascade: bool = False
) -> Document:
    """Errors: TABLE_DOES_NOT_EXIST, RESOURCE_DOES_NOT_EXIST, INVALID_STATE, PERMISSION_DENIED."""
    local.unity.constraints.delete(caller, full_name, constraint_name, cascade=cascade)
    return {}


@credentials.post("/temporary-table-credentials")
def table_credential(body: TableCredentialRequest, caller: CurrentCaller, local: Local) -> Document:
    """Files on this machine need no secret: the answer is the location, once SELECT (and MODIFY) are held."""
    return local.tables.credential(caller, body.table_id, body.operation)


def _info(document: Document, local: LocalState) -> Document:
    return info(TABLE, document, local.account.metastore_id)


def _page(shown: list[Document], found: Found) -> Document:
    return {"tables": shown, **({"next_page_token": found.next_page_token} if found.next_page_token else {})}


def _without(shown: Document, omitted: frozenset[str] | set[str]) -> dict[str, Any]:
    return {field: value for field, value in shown.items() if field not in omitted}
