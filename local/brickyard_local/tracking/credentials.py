"""Signed URLs of artifacts, for clients of mlflow that do not use databricks-sdk for them (before 3.2).

On Databricks they lead to cloud storage; ours lead to the Files API, for one file, one method and a while. They are
said to be GCP's: of those a client sends a file whole, whatever its size.
Source: mlflow's `databricks_artifacts.proto`, `databricks_artifact_repo.py`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from brickyard_local.callers import Caller
from brickyard_local.errors import NotFound
from brickyard_local.tracking.artifacts import files_path
from brickyard_local.tracking.experiments import Permissions
from brickyard_local.tracking.mlflow_server import Json, MlflowServer

READ, WRITE = "GET", "PUT"
_FILES = "/api/2.0/fs/files"
_V2 = "/api/2.0/mlflow"
_TRACE_FOLDER = "mlflow.artifactLocation"
_TRACE_DATA = "traces.json"


class Signer(Protocol):
    """Makes URLs that carry their permission."""

    def url(
        self, host: str, method: str, path: str, *, principal: str, query: Mapping[str, str], expire_time: str | None
    ) -> str: ...


class SignedFiles(Protocol):
    """What credentials ask of the file tree."""

    @property
    def signer(self) -> Signer: ...

    def local_path(self, caller: Caller, path: str, *, write: bool) -> Path: ...


class Credentials:
    """Finds whose artifacts they are, and signs. `server_of` is the mlflow server of a workspace."""

    def __init__(self, server_of: Callable[[int], MlflowServer], permissions: Permissions, files: SignedFiles) -> None:
        self._server_of = server_of
        self._permissions = permissions
        self._files = files

    def of_run(self, caller: Caller, run_id: str, paths: list[str], method: str) -> Json:
        """Errors: NotFound, PermissionDenied, InvalidParameter."""
        found = self._server(caller).call("GET", f"{_V2}/runs/get", query=[("run_id", run_id)]).json()
        info = found["run"]["info"]
        self._require(caller, info["experiment_id"], method)
        signed = [self._signed(caller, info["artifact_uri"], path, method) for path in paths]
        return {"credential_infos": [{"run_id": run_id, **each} for each in signed]}

    def of_model(self, caller: Caller, model_id: str, paths: list[str], method: str) -> Json:
        """Errors: NotFound, PermissionDenied, InvalidParameter."""
        info = self._server(caller).call("GET", f"{_V2}/logged-models/{model_id}").json()["model"]["info"]
        self._require(caller, info["experiment_id"], method)
        signed = [self._signed(caller, info["artifact_uri"], path, method) for path in paths]
        return {"credentials": [{"model_id": model_id, "credential_info": each} for each in signed]}

    def of_trace(self, caller: Caller, trace_id: str, method: str) -> Json:
        """Of the spans of a trace. Errors: NotFound, PermissionDenied."""
        found = self._server(caller).call("GET", f"/api/3.0/mlflow/traces/{trace_id}").json()["trace"]["trace_info"]
        experiment = found.get("trace_location", {}).get("mlflow_experiment", {}).get("experiment_id")
        folder = found.get("tags", {}).get(_TRACE_FOLDER)
        if not experiment or not folder:
            raise NotFound(f"Trace {trace_id} keeps no data in an experiment.")
        self._require(caller, experiment, method)
        return {"credential_info": self._signed(caller, folder, _TRACE_DATA, method)}

    def _server(self, caller: Caller) -> MlflowServer:
        return self._server_of(caller.workspace.workspace_id)

    def _require(self, caller: Caller, experiment_id: str, method: str) -> None:
        level = "CAN_READ" if method == READ else "CAN_EDIT"
        self._permissions.require(caller, "experiments", experiment_id, level)

    def _signed(self, caller: Caller, artifact_uri: str, path: str, method: str) -> Json:
        place = files_path(artifact_uri, path)
        self._files.local_path(caller, place, write=method == WRITE)
        query = {"overwrite": "true"} if method == WRITE else {}
        url = self._files.signer.url(
            caller.workspace.host, method, _FILES + place, principal=caller.principal, query=query, expire_time=None
        )
        return {"path": path, "signed_uri": url, "headers": [], "type": "GCP_SIGNED_URL"}
