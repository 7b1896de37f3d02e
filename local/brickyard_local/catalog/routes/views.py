"""The route by which our Spark plug-in reads below a view. How Databricks' engines do is not public."""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.payloads import ViewAccess
from brickyard_local.catalog.render import info
from brickyard_local.catalog.securables import TABLE
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter()


@router.post("/view-access")
def view_access(body: ViewAccess, caller: CurrentCaller, local: Local) -> Document:
    """Errors: TABLE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    table, url = local.unity.views.below(caller, body.views, body.table)
    shown: Document = {"table": info(TABLE, table, local.account.metastore_id)}
    return shown if url is None else {**shown, "url": url}
