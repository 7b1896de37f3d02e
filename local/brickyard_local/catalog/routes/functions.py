"""Routes of functions. Source: docs.databricks.com/api/workspace/functions."""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.function_payloads import CreateFunction, UpdateFunction
from brickyard_local.catalog.render import info, page
from brickyard_local.catalog.securables import MODEL
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter()


@router.post("/functions")
def create_function(body: CreateFunction, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    return _info(local.unity.functions.create(caller, body.function_info), local)


@router.get("/functions")
def list_functions(  # noqa: PLR0913 - the API's parameters
    catalog_name: str,
    schema_name: str,
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    found = local.unity.functions.functions(caller, f"{catalog_name}.{schema_name}", browse=include_browse)
    return page([_info(document, local) for document in found], "functions", max_results, page_token)


@router.get("/functions/{full_name}")
def get_function(full_name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _info(local.unity.functions.function(caller, full_name, browse=include_browse), local)


@router.patch("/functions/{full_name}")
def update_function(full_name: str, body: UpdateFunction, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_function`, and PRINCIPAL_DOES_NOT_EXIST."""
    return _info(local.unity.functions.update(caller, full_name, body.owner), local)


@router.delete("/functions/{full_name}")
def delete_function(full_name: str, caller: CurrentCaller, local: Local, force: bool = False) -> Document:  # noqa: ARG001 - nothing can depend on a function here
    """Errors: as `get_function`."""
    local.unity.functions.delete(caller, full_name)
    return {}


def _info(document: Document, local: LocalState) -> Document:
    return {**info(MODEL, document, local.account.metastore_id), "function_id": document["id"]}
