"""One FastAPI application per workspace: authentication, errors, and the routers of every service."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from brickyard_local.account import Workspace
from brickyard_local.billing import routes as billing
from brickyard_local.catalog import routes as catalog
from brickyard_local.compute import routes as compute
from brickyard_local.databases import routes as databases
from brickyard_local.errors import ApiError, MalformedRequest, NotEmulated, TooManyRequests
from brickyard_local.files import routes as files
from brickyard_local.files import task_routes as task_files
from brickyard_local.files import url_routes as file_urls
from brickyard_local.gate import Gate
from brickyard_local.identity import access_control_routes as access_control
from brickyard_local.identity import account_routes as accounts
from brickyard_local.identity import oauth_routes as oauth
from brickyard_local.identity import routes as identity
from brickyard_local.identity import token_routes as tokens
from brickyard_local.jobs import routes as jobs
from brickyard_local.models import mlflow_routes as mlflow_models
from brickyard_local.models import native_routes as native_models
from brickyard_local.models import routes as models
from brickyard_local.monitors import routes as monitors
from brickyard_local.notifications import routes as notifications
from brickyard_local.permissions import routes as permissions
from brickyard_local.request_log import RequestLog
from brickyard_local.routing import RouteTable
from brickyard_local.secrets import routes as secrets
from brickyard_local.serving import invocation_routes as invocations
from brickyard_local.serving import routes as serving
from brickyard_local.sql import routes as sql
from brickyard_local.state import LocalState
from brickyard_local.tracking import credential_routes as credentials
from brickyard_local.tracking import routes as tracking
from brickyard_local.workspace import routes as workspace

_CODES = {
    400: "MALFORMED_REQUEST",
    408: "REQUEST_TIMEOUT",
    413: "REQUEST_TOO_LARGE",
}


def create_app(
    state: LocalState, workspace: Workspace, table: RouteTable | None = None, log: RequestLog | None = None
) -> FastAPI:
    """The HTTP application of one workspace of the account.

    With a `table` it answers from that; without one FastAPI knows every route, e.g. to describe them as OpenAPI.
    Who gives a `log` flushes it at the end.
    """
    app = FastAPI(title=f"Brickyard local workspace {workspace.name}", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.local = state
    app.state.workspace = workspace
    if table is not None:
        app.router.routes.append(table)
    else:
        for router in _routers():
            app.include_router(router)
    app.add_exception_handler(ApiError, _answer_api_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_body)
    app.add_exception_handler(HTTPException, _answer_unrouted)
    app.add_exception_handler(Exception, _answer_bug)
    app.add_middleware(Gate, state=state, workspace=workspace, log=log or RequestLog())

    @app.get("/.well-known/databricks-config")
    def databricks_config() -> dict[str, str]:
        return {
            "oidc_endpoint": f"{workspace.host}/oidc",
            "workspace_id": str(workspace.workspace_id),
            "account_id": state.account.account_id,
        }

    return app


def route_table() -> RouteTable:
    """Every route of a workspace, for all workspaces of a server."""
    return RouteTable(_routers())


def _routers() -> list[Any]:
    return [
        identity.router,
        tokens.router,
        oauth.router,
        access_control.router,
        accounts.router,
        billing.router,
        permissions.router,
        secrets.router,
        compute.router,
        file_urls.router,
        task_files.router,
        files.router,
        workspace.router,
        tracking.router,
        credentials.router,
        jobs.router,
        serving.router,
        sql.router,
        monitors.router,
        databases.router,
        notifications.router,
        invocations.router,
        catalog.router,
        models.router,
        native_models.router,
        mlflow_models.router,
    ]


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
        refusal = ApiError(str(error.detail), status=error.status_code, error_code=_CODES.get(error.status_code))
    return JSONResponse(refusal.body(), refusal.status, error.headers)


async def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    """What no service foresaw; the server's log has the traceback."""
    refusal = ApiError(f"{request.method} {request.url.path} failed inside the local workspace: {type(error).__name__}")
    named = {"x-databricks-org-id": str(request.app.state.workspace.workspace_id)}
    return JSONResponse(refusal.body(), refusal.status, named)
