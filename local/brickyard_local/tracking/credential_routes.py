"""Routes of signed URLs for artifacts. HTTP only.

Source: mlflow's `databricks_artifacts.proto`.
"""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.tracking.credentials import READ, WRITE
from brickyard_local.tracking.routes import Request_

router = LazyRouter(prefix="/api/2.0/mlflow", tags=["tracking"])
Json = dict[str, Any]


@router.post("/artifacts/credentials-for-read")
def read_run(sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.tracking.credentials.of_run(caller, sent.text("run_id"), sent.texts("path"), READ)


@router.post("/artifacts/credentials-for-write")
def write_run(sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.tracking.credentials.of_run(caller, sent.text("run_id"), sent.texts("path"), WRITE)


@router.post("/logged-models/{model_id}/artifacts/credentials-for-download")
def read_model(model_id: str, sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.tracking.credentials.of_model(caller, model_id, sent.texts("paths"), READ)


@router.post("/logged-models/{model_id}/artifacts/credentials-for-upload")
def write_model(model_id: str, sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.tracking.credentials.of_model(caller, model_id, sent.texts("paths"), WRITE)


@router.get("/traces/{trace_id}/credentials-for-data-download")
def read_trace(trace_id: str, _sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.credentials.of_trace(caller, trace_id, READ)


@router.get("/traces/{trace_id}/credentials-for-data-upload")
def write_trace(trace_id: str, _sent: Request_, local: Local, caller: CurrentCaller) -> Json:
    """Errors: NotFound, PermissionDenied."""
    return local.tracking.credentials.of_trace(caller, trace_id, WRITE)
