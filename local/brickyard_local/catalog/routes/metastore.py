"""Routes of the account's one metastore. Source: docs.databricks.com/api/workspace/metastores."""

from brickyard_local.callers import CurrentCaller
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter()


@router.get("/current-metastore-assignment")
def current_metastore_assignment(caller: CurrentCaller, local: Local) -> Document:
    """Every workspace of the account has the one metastore, and no default catalog."""
    return {"metastore_id": local.account.metastore_id, "workspace_id": caller.workspace.workspace_id}


@router.get("/metastore_summary")
def metastore_summary(local: Local) -> Document:
    """The account's metastore."""
    return _metastore(local, local.account.metastore_id)


@router.get("/metastores")
def list_metastores(local: Local) -> Document:
    """The account's metastore, alone."""
    return {"metastores": [_metastore(local, local.account.metastore_id)]}


@router.get("/metastores/{metastore_id}")
def get_metastore(metastore_id: str, local: Local) -> Document:
    """Errors: METASTORE_DOES_NOT_EXIST."""
    return _metastore(local, metastore_id)


def _metastore(local: LocalState, metastore_id: str) -> Document:
    document = local.catalog.metastore(metastore_id).document
    shown = ("name", "owner", "created_at", "created_by", "updated_at", "updated_by")
    return {
        **{field: document[field] for field in shown},
        "metastore_id": metastore_id,
        "global_metastore_id": f"local:local:{metastore_id}",
        "cloud": "local",
        "region": "local",
        "privilege_model_version": "1.0",
        "storage_root": local.home.tables.as_uri(),
    }
