"""Routes of database instances, their credentials and synced tables; those of pipelines are in `pipeline_routes`.

Source: docs.databricks.com/api/workspace/database.
"""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.databases import pipeline_routes
from brickyard_local.databases.answers import instance_info, moment, synced_table_info
from brickyard_local.databases.payloads import CredentialBody, InstanceBody, SyncedTableBody
from brickyard_local.errors import NotEmulated
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter(tags=["databases"])
_API = "/api/2.0/database"
_PAGE = 100


@router.post(_API + "/instances")
def create_instance(body: InstanceBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, InvalidParameter, NotEmulated."""
    return instance_info(local.databases.instances.create(caller, body))


@router.get(_API + "/instances")
def list_instances(
    local: Local, caller: CurrentCaller, page_size: int | None = None, page_token: str | None = None
) -> dict[str, Any]:
    """By name. Errors: InvalidParameter."""
    found = local.databases.instances.listed(caller)
    shown, more = page(found, lambda each: str(each["name"]), min(page_size or _PAGE, _PAGE), page_token)
    return _page("database_instances", [instance_info(each) for each in shown], more)


@router.get(_API + "/instances:findByUid")
def find_instance(uid: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound."""
    return instance_info(local.databases.instances.find(caller, uid))


@router.get(_API + "/instances/{name}")
def get_instance(name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound."""
    return instance_info(local.databases.instances.get(caller, name))


@router.patch(_API + "/instances/{name}")
def update_instance(
    name: str, body: InstanceBody, local: Local, caller: CurrentCaller, update_mask: str = ""
) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    mask = [field.strip() for field in update_mask.split(",") if field.strip()]
    return instance_info(local.databases.instances.update(caller, name, body, mask))


@router.delete(_API + "/instances/{name}")
def delete_instance(
    name: str, local: Local, caller: CurrentCaller, force: bool = False, purge: bool = True
) -> dict[str, Any]:
    """`force` is about child instances: there are none. Errors: InvalidParameter, NotFound, PermissionDenied."""
    del force
    local.databases.instances.delete(caller, name, purge=purge)
    return {}


@router.post(_API + "/credentials")
def generate_credential(body: CredentialBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    token, expires_at = local.databases.credentials.generate(caller, body)
    return {"token": token, "expiration_time": moment(int(expires_at * 1000))}


@router.post(_API + "/synced_tables")
def create_synced_table(body: SyncedTableBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return _synced(local, local.databases.synced_tables.create(caller, body))


@router.get(_API + "/synced_tables/{name}")
def get_synced_table(name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return _synced(local, local.databases.synced_tables.get(caller, name))


@router.patch(_API + "/synced_tables/{name}")
def update_synced_table(name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotEmulated, as Databricks has it not either; before that NotFound, PermissionDenied."""
    local.databases.synced_tables.get(caller, name)
    raise NotEmulated("changing a synced table, which Databricks does not do either; drop it and make another")


@router.delete(_API + "/synced_tables/{name}")
def delete_synced_table(name: str, local: Local, caller: CurrentCaller, purge_data: bool = False) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    del purge_data  # see `synced_tables`
    local.databases.synced_tables.delete(caller, name)
    return {}


@router.get(_API + "/instances/{name}/synced_tables")
def list_synced_tables(
    name: str, local: Local, caller: CurrentCaller, page_size: int | None = None, page_token: str | None = None
) -> dict[str, Any]:
    """By name. Errors: InvalidParameter, NotFound."""
    found = local.databases.synced_tables.listed(caller, name)
    shown, more = page(found, lambda each: str(each["full_name"]), min(page_size or _PAGE, _PAGE), page_token)
    return _page("synced_tables", [_synced(local, each) for each in shown], more)


@router.get("/api/local/databases")
def describe(local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Ours: what a client on this machine sets beside what the API tells it, e.g. {"PGPORT": "21234"}."""
    del caller
    return {"environment": dict(local.databases.environment())}


def _synced(local: LocalState, synced: Document) -> Document:
    updates = local.databases.records.updates(synced["pipeline_id"])
    return synced_table_info(synced, updates[0] if updates else None)


def _page(field: str, shown: list[Document], more: str | None) -> Document:
    return {field: shown, **({"next_page_token": more} if more else {})}


router.include_router(pipeline_routes.router)
