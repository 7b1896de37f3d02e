"""One FastAPI application per workspace: authentication, errors, and the routers of every service."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from brickyard_local.account import Workspace
from brickyard_local.catalog import routes as catalog
from brickyard_local.errors import ApiError, MalformedRequest, NotEmulated, PermissionDenied, TooManyRequests
from brickyard_local.files import routes as files
from brickyard_local.files import url_routes as file_urls
from brickyard_local.identity import routes as identity
from brickyard_local.identity import token_routes as tokens
from brickyard_local.jobs import routes as jobs
from brickyard_local.models import mlflow_routes as mlflow_models
from brickyard_local.models import routes as models
from brickyard_local.permissions import routes as permissions
from brickyard_local.secrets import routes as secrets
from brickyard_local.serving import invocation_routes as invocations
from brickyard_local.serving import routes as serving
from brickyard_local.state import LocalState
from brickyard_local.tracking import routes as tracking
from brickyard_local.workspace import routes as workspace

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_OPEN_PATHS = frozenset({"/.well-known/databricks-config"})
_log = logging.getLogger("brickyard_local.requests")


def create_app(state: LocalState, workspace: Workspace) -> FastAPI:
    """The HTTP application of one workspace of the account."""
    app = FastAPI(title=f"Brickyard local workspace {workspace.name}", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.local = state
    app.state.workspace = workspace
    for router in _routers():
        app.include_router(router)
    app.add_exception_handler(ApiError, _answer_api_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_body)
    app.add_exception_handler(HTTPException, _answer_unrouted)
    app.add_exception_handler(Exception, _answer_bug)
    app.add_middleware(Gate)

    @app.get("/.well-known/databricks-config")
    def databricks_config() -> dict[str, str]:
        return {"workspace_id": str(workspace.workspace_id), "account_id": state.account.account_id}

    return app


def _routers() -> list[Any]:
    return [
        identity.router,
        tokens.router,
        permissions.router,
        secrets.router,
        file_urls.router,
        files.router,
        workspace.router,
        tracking.router,
        jobs.router,
        serving.router,
        invocations.router,
        catalog.router,
        models.router,
        mlflow_models.router,
    ]


class Gate:
    """ASGI middleware: only this machine, only known tokens; names the workspace in every answer.

    A request whose Host is not this server's is refused (DNS rebinding).
    """

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        application: FastAPI = scope["app"]
        workspace: Workspace = application.state.workspace
        started, status = time.perf_counter(), 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-databricks-org-id", str(workspace.workspace_id).encode()),
                ]
            await send(message)

        try:
            await run_in_threadpool(_admit, Request(scope), workspace)
        except ApiError as error:
            await JSONResponse(error.body(), error.status)(scope, receive, send_named)
        else:
            await self._app(scope, receive, send_named)
        took_ms = (time.perf_counter() - started) * 1000
        _log.info("%s %s %s -> %s %.0f ms", workspace.name, scope["method"], scope["path"], status, took_ms)


def _admit(request: Request, workspace: Workspace) -> None:
    host = request.headers.get("host", "")
    if host not in {f"127.0.0.1:{workspace.port}", f"localhost:{workspace.port}"}:
        raise PermissionDenied(
            f"Host '{host}' is not this workspace. Use {workspace.host}; other names are refused because a web "
            "page could use them to reach it."
        )
    if request.url.path in _OPEN_PATHS:
        return
    state: LocalState = request.app.state.local
    request.state.caller = state.callers.authenticate(request.headers.get("authorization"), workspace)


async def _answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), error.status, _retry_after(error))


def _retry_after(error: ApiError) -> dict[str, str] | None:
    if isinstance(error, TooManyRequests):
        return {"retry-after": str(error.retry_after_s)}
    return {"retry-after": "1"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None


async def _answer_invalid_body(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
    refusal = MalformedRequest(f"{request.method} {request.url.path}: {found}")
    return JSONResponse(refusal.body(), refusal.status)


async def _answer_unrouted(request: Request, error: Exception) -> JSONResponse:
    """Paths and methods without a route: they may exist on Databricks, here they are not emulated."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code in {404, 405}:
        refusal: ApiError = NotEmulated(f"{request.method} {request.url.path}")
    else:
        refusal = ApiError(str(error.detail), status=error.status_code)
    return JSONResponse(refusal.body(), refusal.status)


async def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    """What no service foresaw; the server's log has the traceback."""
    refusal = ApiError(f"{request.method} {request.url.path} failed inside the local workspace: {type(error).__name__}")
    return JSONResponse(refusal.body(), refusal.status)
