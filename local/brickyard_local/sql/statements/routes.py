"""Routes of /api/2.0/sql/statements, and of the links to results."""

import asyncio
import time
from typing import Any

from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from brickyard_local.callers import CurrentCaller
from brickyard_local.routing import LazyRouter
from brickyard_local.sql.statements.links import PATH
from brickyard_local.sql.statements.payloads import StatementBody
from brickyard_local.sql.statements.runner import Live
from brickyard_local.state import Local

router = LazyRouter(tags=["sql"])
_PATH = "/api/2.0/sql/statements"
_SHORT_S, _LONG_S = 0.005, 0.1
_UNTIL_CANCELED_S = 10.0


@router.post(_PATH)
async def execute_statement(body: StatementBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Waits on the event loop: a thread per waiting client would soon be a server that answers nobody.

    Errors: NotFound, PermissionDenied, InvalidParameter.
    """
    statement_id, live = await run_in_threadpool(local.sql.statements.submit, caller, body)
    if body.wait_s and not await _ended(live, body.wait_s) and body.on_wait_timeout == "CANCEL":
        await run_in_threadpool(local.sql.statements.cancel, caller, statement_id)
        await _ended(live, _UNTIL_CANCELED_S)
    return await run_in_threadpool(local.sql.statements.get, caller, statement_id)


@router.get(_PATH + "/{statement_id}")
def get_statement(statement_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.statements.get(caller, statement_id)


@router.get(_PATH + "/{statement_id}/result/chunks/{chunk_index}")
def get_chunk(statement_id: str, chunk_index: int, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidState."""
    return local.sql.statements.chunk(caller, statement_id, chunk_index)


@router.post(_PATH + "/{statement_id}/cancel")
def cancel_statement(statement_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.statements.cancel(caller, statement_id)
    return {}


@router.get(PATH + "/{statement_id}/{chunk_index}")
def download_chunk(statement_id: str, chunk_index: int, local: Local, caller: CurrentCaller) -> FileResponse:
    """What an external link leads to. Errors: NotFound, PermissionDenied, InvalidState."""
    path, kind = local.sql.statements.file(caller, statement_id, chunk_index)
    return FileResponse(path, media_type=kind)


async def _ended(live: Live, patience_s: float) -> bool:
    """Whether the statement ended in time."""
    deadline, pause_s = time.monotonic() + patience_s, _SHORT_S
    while not live.done.is_set() and time.monotonic() < deadline:
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONG_S)
    return live.done.is_set()
