"""Routes of /api/2.0/alerts, and two that only the local workspace has: evaluate now, the record of notifications."""

from functools import lru_cache
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from brickyard_local.callers import CurrentCaller
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.sql.alerts.payloads import AlertBody
from brickyard_local.state import Local

router = LazyRouter(tags=["sql"])
_PATH = "/api/2.0/alerts"
_MOST_EVALUATIONS = 200


@router.post(_PATH)
def create_alert(body: AlertBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return local.sql.alerts.create(caller, body)


@router.get(_PATH)
def list_alerts(
    local: Local, caller: CurrentCaller, page_size: int | None = None, page_token: str | None = None
) -> dict[str, Any]:
    """Errors: InvalidParameter."""
    chosen, token = page(local.sql.alerts.listed(caller), lambda each: str(each["id"]), page_size, page_token)
    return {"alerts": chosen, **({"next_page_token": token} if token else {})}


@router.get(_PATH + "/{alert_id}")
def get_alert(alert_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.alerts.get(caller, alert_id)


@router.patch(_PATH + "/{alert_id}")
def update_alert(
    alert_id: str, body: AlertBody, local: Local, caller: CurrentCaller, update_mask: str = ""
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter, NotEmulated."""
    return local.sql.alerts.update(caller, alert_id, body, update_mask)


@router.delete(_PATH + "/{alert_id}")
def delete_alert(alert_id: str, local: Local, caller: CurrentCaller, *, purge: bool = False) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.alerts.delete(caller, alert_id, purge=purge)
    return {}


@router.get("/api/local/alerts/{alert_id}/notifications")
def notifications(alert_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """What would have been sent. Errors: NotFound, PermissionDenied."""
    local.sql.alerts.get(caller, alert_id)
    return {"notifications": local.sql.evaluator.notifications(caller.workspace.workspace_id, alert_id)}


@router.post("/api/local/alerts/{alert_id}/evaluate")
async def evaluate(alert_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Evaluate an alert now, as a job's SQL task does. Errors: NotFound, PermissionDenied.

    In threads of its own: an evaluation waits for its query, which asks this server, so in those of requests forty
    evaluations would wait for each other for ever.
    """
    alert = await run_in_threadpool(local.sql.alerts.runnable, caller, alert_id)
    workspace_id = caller.workspace.workspace_id
    found = await to_thread.run_sync(local.sql.evaluator.evaluate, workspace_id, alert_id, limiter=_evaluations())
    return {**alert, "state": found}


@lru_cache(maxsize=1)
def _evaluations() -> CapacityLimiter:
    return CapacityLimiter(_MOST_EVALUATIONS)
