"""Tracking: permissions and workspace rules here, everything else in mlflow's own server.

Gaps: `experiments/list`, `databricks/runs/{delete,restore}-runs`, multipart uploads of clients without databricks-sdk.
"""

import logging
import threading
from typing import Protocol

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.errors import NotFound
from brickyard_local.store import Document, Store
from brickyard_local.tracking.artifacts import files_path
from brickyard_local.tracking.credentials import Credentials, SignedFiles
from brickyard_local.tracking.endpoints import EDIT, READ, Endpoint
from brickyard_local.tracking.experiments import Experiments, Permissions, Tree
from brickyard_local.tracking.lookup import ExperimentLookup
from brickyard_local.tracking.mlflow_server import Answer, Json, MlflowServer
from brickyard_local.tracking.requests import Sent

_V2 = "/api/2.0/mlflow/"


class Files(SignedFiles, Protocol):
    """What tracking asks of the file tree."""

    def list_folder(self, caller: Caller, path: str, page_size: int | None, page_token: str | None) -> Document: ...


class TrackingService:
    """One mlflow server per workspace, started by the first call."""

    def __init__(self, store: Store, home: Home, permissions: Permissions, tree: Tree, files: Files) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes a line for every call to mlflow
        self._home = home
        self._permissions = permissions
        self._files = files
        self._lock = threading.Lock()
        self._servers: dict[int, MlflowServer] = {}
        self._lookups: dict[int, ExperimentLookup] = {}
        self.experiments = Experiments(store, tree, permissions)
        self.credentials = Credentials(self.server, permissions, files)

    def close(self) -> None:
        """Stop every server."""
        for server in list(self._servers.values()):
            server.close()

    def server(self, workspace_id: int) -> MlflowServer:
        """The workspace's server, not necessarily running."""
        with self._lock:
            if workspace_id not in self._servers:
                folder = self._home.root / "tracking" / str(workspace_id)
                log = self._home.logs / f"tracking-{workspace_id}.log"
                self._servers[workspace_id] = MlflowServer(folder, log)
                self._lookups[workspace_id] = ExperimentLookup(self._servers[workspace_id])
            return self._servers[workspace_id]

    def forward(self, caller: Caller, endpoint: Endpoint, sent: Sent) -> Answer:
        """Pass a request on once its experiments allow it. Errors: NotFound, PermissionDenied, InvalidParameter."""
        server = self.server(caller.workspace.workspace_id)
        lookup = self._lookups[caller.workspace.workspace_id]
        for experiment_id in endpoint.locate(sent, lookup):
            self._permissions.require(caller, "experiments", experiment_id, endpoint.level)
        return server.call(sent.method, sent.path, query=sent.query, body=sent.body)

    def create_run(self, caller: Caller, sent: Sent) -> Answer:
        """A run of the caller's, whatever user the client's machine says. Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, "experiments", sent.text("experiment_id"), EDIT)
        body = sent.fields()
        tags = [tag for tag in body.get("tags") or [] if not isinstance(tag, dict) or tag.get("key") != "mlflow.user"]
        user = {"key": "mlflow.user", "value": caller.principal}
        body = {**body, "user_id": caller.principal, "tags": [*tags, user]}
        return self.server(caller.workspace.workspace_id).call("POST", sent.path, body=body)

    def run_artifacts(self, caller: Caller, run_id: str, path: str, page_token: str | None) -> Json:
        """A folder of a run's artifacts. Errors: NotFound, PermissionDenied."""
        query = [("run_id", run_id)]
        found = self.server(caller.workspace.workspace_id).call("GET", _V2 + "runs/get", query=query).json()
        info = found["run"]["info"]
        self._permissions.require(caller, "experiments", info["experiment_id"], READ)
        return self._artifacts(caller, info["artifact_uri"], path, page_token)

    def model_artifacts(self, caller: Caller, model_id: str, path: str, page_token: str | None) -> Json:
        """A folder of a logged model's artifacts. Errors: NotFound, PermissionDenied."""
        found = self.server(caller.workspace.workspace_id).call("GET", f"{_V2}logged-models/{model_id}").json()
        info = found["model"]["info"]
        self._permissions.require(caller, "experiments", info["experiment_id"], READ)
        return self._artifacts(caller, info["artifact_uri"], path, page_token)

    def experiment_deleted(self, caller: Caller, experiment_id: str) -> None:
        """The folder that held the experiment is being deleted."""
        self.experiments.retire(self.server(caller.workspace.workspace_id), caller, experiment_id)

    def _artifacts(self, caller: Caller, artifact_uri: str, path: str, page_token: str | None) -> Json:
        root = files_path(artifact_uri)
        try:
            page = self._files.list_folder(caller, files_path(artifact_uri, path), None, page_token)
        except NotFound:
            page = {"contents": []}
        shown: Json = {"root_uri": artifact_uri, "files": [_file_info(root, entry) for entry in page["contents"]]}
        return {**shown, **{key: value for key, value in page.items() if key == "next_page_token"}}


def _file_info(root: str, entry: Document) -> Json:
    info: Json = {"path": entry["path"].removeprefix(root + "/"), "is_dir": entry["is_directory"]}
    return info if entry["is_directory"] else {**info, "file_size": entry["file_size"]}
