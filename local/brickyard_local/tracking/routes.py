"""Routes of /api/2.0/mlflow and /api/3.0/mlflow. HTTP only: rules in service, runs in mlflow's server.

Every route waits for mlflow's server in `read_sent`, which is `async` and holds no thread meanwhile.
Source: docs.databricks.com/api/workspace/experiments.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.errors import MalformedRequest, NotFound
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.tracking.endpoints import ENDPOINTS, Endpoint
from brickyard_local.tracking.mlflow_server import Answer
from brickyard_local.tracking.requests import Sent

router = LazyRouter(tags=["tracking"])

_V2 = "/api/2.0/mlflow"


async def read_sent(request: Request, local: Local, caller: CurrentCaller) -> Sent:
    """The request, once mlflow's server answers. Errors: MalformedRequest, TemporarilyUnavailable."""
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else None
    except ValueError as error:
        raise MalformedRequest(f"{request.method} {request.url.path}: the body is not JSON ({error}).") from error
    if body is not None and not isinstance(body, dict):
        raise MalformedRequest(f"{request.method} {request.url.path}: the body must be a JSON object.")
    await local.tracking.server(caller.workspace.workspace_id).wait()
    return Sent(
        method=request.method,
        path=request.url.path,
        names=request.path_params,
        query=request.query_params.multi_items(),
        body=body,
    )


Request_ = Annotated[Sent, Depends(read_sent)]


@router.post(_V2 + "/experiments/create")
def create_experiment(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, NotFound (parent folder), AlreadyExists, PermissionDenied."""
    return local.tracking.experiments.create(_server(local, caller), caller, sent.fields())


@router.get(_V2 + "/experiments/get")
def get_experiment(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.experiments.get(_server(local, caller), caller, sent.text("experiment_id"))


@router.get(_V2 + "/experiments/get-by-name")
def get_experiment_by_name(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.experiments.get_by_name(_server(local, caller), caller, sent.text("experiment_name"))


@router.post(_V2 + "/experiments/search")
def search_experiments(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """List what the caller may read."""
    return local.tracking.experiments.search(_server(local, caller), caller, sent.fields())


@router.post(_V2 + "/experiments/update")
def update_experiment(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, NotFound, AlreadyExists, PermissionDenied."""
    return local.tracking.experiments.rename(
        _server(local, caller), caller, sent.text("experiment_id"), sent.text("new_name")
    )


@router.post(_V2 + "/experiments/delete")
def delete_experiment(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.experiments.delete(_server(local, caller), caller, sent.text("experiment_id"))


@router.post(_V2 + "/experiments/restore")
def restore_experiment(sent: Request_, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, AlreadyExists, PermissionDenied."""
    return local.tracking.experiments.restore(_server(local, caller), caller, sent.text("experiment_id"))


@router.post(_V2 + "/runs/create")
def create_run(sent: Request_, local: Local, caller: CurrentCaller) -> Response:
    """Errors: NotFound, PermissionDenied."""
    return _response(local.tracking.create_run(caller, sent))


@router.get(_V2 + "/artifacts/list")
def list_artifacts(
    sent: Request_, local: Local, caller: CurrentCaller, path: str = "", page_token: str | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.run_artifacts(caller, sent.text("run_id", "run_uuid"), path, page_token)


@router.get(_V2 + "/logged-models/{model_id}/artifacts/directories")
def list_model_artifacts(
    sent: Request_,
    local: Local,
    caller: CurrentCaller,
    artifact_directory_path: str = "",
    page_token: str | None = None,
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.model_artifacts(caller, sent.names["model_id"], artifact_directory_path, page_token)


@router.api_route("/api/4.0/mlflow/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
def traces_in_tables(path: str) -> None:
    """Say that version 4 (traces in tables) is not served, in the words on which mlflow falls back to version 3.

    Errors: NotFound with ENDPOINT_NOT_FOUND, always (mlflow/store/tracking/databricks_rest_store.py).
    """
    raise NotFound(
        f"The local workspace does not emulate /api/4.0/mlflow/{path}: traces are kept in experiments, not in tables.",
        error_code="ENDPOINT_NOT_FOUND",
    )


def _forwarded(endpoint: Endpoint) -> Callable[..., Response]:
    def forward(sent: Request_, local: Local, caller: CurrentCaller) -> Response:
        return _response(local.tracking.forward(caller, endpoint, sent))

    return forward


for _endpoint in ENDPOINTS:
    router.add_api_route(
        _endpoint.path, _forwarded(_endpoint), methods=[_endpoint.method], name=f"{_endpoint.method} {_endpoint.path}"
    )


def _server(local: Local, caller: Caller) -> Any:
    return local.tracking.server(caller.workspace.workspace_id)


def _response(answer: Answer) -> Response:
    return Response(answer.content, answer.status, media_type=answer.content_type)
