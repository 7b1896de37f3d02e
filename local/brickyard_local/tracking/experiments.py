"""Experiments: objects of the workspace tree whose runs mlflow's server keeps.

On Databricks a deleted experiment's name is free at once; mlflow's own server keeps it taken. So it is renamed
first, and its old name is remembered for a restore.
Source: docs.databricks.com/api/workspace/experiments; the provider's mlflow/resource_mlflow_experiment.go.
"""

from typing import Any, Protocol

from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, ApiError, InvalidParameter, NotFound
from brickyard_local.store import Document, Store
from brickyard_local.tracking.artifacts import check_location
from brickyard_local.tracking.mlflow_server import Json, MlflowServer

_API = "/api/2.0/mlflow/experiments/"
_DELETED = "deleted_experiments"
_EXPERIMENT = "MLFLOW_EXPERIMENT"


class Tree(Protocol):
    """What experiments ask of the workspace tree."""

    def object_at(self, workspace_id: int, path: str) -> Document | None: ...

    def require_parent(self, caller: Caller, path: str) -> None: ...

    def add_experiment(self, caller: Caller, path: str, experiment_id: str) -> None: ...

    def move_experiment(self, workspace_id: int, experiment_id: str, path: str) -> None: ...

    def remove_experiment(self, workspace_id: int, experiment_id: str) -> None: ...

    def canonical(self, path: str) -> str: ...


class Permissions(Protocol):
    """What tracking asks of the permissions."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...


class Experiments:
    """The rules of experiments; `server` is the caller's workspace's."""

    def __init__(self, store: Store, tree: Tree, permissions: Permissions) -> None:
        self._store = store
        self._tree = tree
        self._permissions = permissions

    def create(self, server: MlflowServer, caller: Caller, body: Json) -> Json:
        """Errors: InvalidParameter, NotFound (parent folder), AlreadyExists, PermissionDenied."""
        path = self._path(str(body.get("name") or ""))
        self._refuse_taken(caller, path)
        self._tree.require_parent(caller, path)
        wanted = {**body, "name": path, "tags": _owned(body.get("tags") or [], caller, path)}
        if body.get("artifact_location"):
            wanted["artifact_location"] = check_location(str(body["artifact_location"]))
        try:
            created = server.call("POST", _API + "create", body=wanted).json()
        except ApiError as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            # An earlier create broke off before the tree knew of it: no one can hold it, so it is this caller's.
            known = server.call("GET", _API + "get-by-name", query=[("experiment_name", path)]).json()
            created = {"experiment_id": known["experiment"]["experiment_id"]}
        self._tree.add_experiment(caller, path, created["experiment_id"])
        return created

    def get(self, server: MlflowServer, caller: Caller, experiment_id: str) -> Json:
        """A deleted one is shown to who deleted it and to administrators. Errors: NotFound, PermissionDenied."""
        deleted = self._deleted(caller, experiment_id)
        if deleted is None:
            self._permissions.require(caller, "experiments", experiment_id, "CAN_READ")
        found = server.call("GET", _API + "get", query=[("experiment_id", experiment_id)]).json()
        if deleted is not None:
            found["experiment"]["name"] = deleted["path"]
        return found

    def get_by_name(self, server: MlflowServer, caller: Caller, name: str) -> Json:
        """Errors: NotFound, PermissionDenied."""
        document = self._tree.object_at(caller.workspace.workspace_id, name) if name.startswith("/") else None
        if document is None or document["object_type"] != _EXPERIMENT:
            raise NotFound(f"Node {name} does not exist: there is no experiment of that name.")
        return self.get(server, caller, str(document["object_id"]))

    def search(self, server: MlflowServer, caller: Caller, body: Json) -> Json:
        """One page of those that the caller may read; it can be shorter than asked for."""
        found = server.call("POST", _API + "search", body=body).json()
        readable = [
            experiment
            for experiment in found.get("experiments", [])
            if self._permissions.holds(caller, "experiments", experiment["experiment_id"], "CAN_READ")
        ]
        return {**found, "experiments": readable}

    def rename(self, server: MlflowServer, caller: Caller, experiment_id: str, name: str) -> Json:
        """Errors: InvalidParameter, NotFound, AlreadyExists, PermissionDenied."""
        self._permissions.require(caller, "experiments", experiment_id, "CAN_MANAGE")
        path = self._path(name)
        here = self._tree.object_at(caller.workspace.workspace_id, path)
        if here is not None and here["object_type"] == _EXPERIMENT and str(here["object_id"]) == experiment_id:
            return {}
        self._refuse_taken(caller, path)
        self._tree.require_parent(caller, path)
        server.call("POST", _API + "update", body={"experiment_id": experiment_id, "new_name": path}).json()
        self._tree.move_experiment(caller.workspace.workspace_id, experiment_id, path)
        return {}

    def delete(self, server: MlflowServer, caller: Caller, experiment_id: str) -> Json:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, "experiments", experiment_id, "CAN_MANAGE")
        self.retire(server, caller, experiment_id)
        self._tree.remove_experiment(caller.workspace.workspace_id, experiment_id)
        return {}

    def retire(self, server: MlflowServer, caller: Caller, experiment_id: str) -> None:
        """Free the name, then delete in mlflow's server; can be repeated after it broke off."""
        found = server.call("GET", _API + "get", query=[("experiment_id", experiment_id)]).json()["experiment"]
        if found["lifecycle_stage"] == "deleted":
            return
        retired = f"#deleted-{experiment_id}"
        if not found["name"].endswith(retired):
            note = {"path": found["name"], "deleted_by": caller.principal}
            self._store.put(_DELETED, experiment_id, note, scope=caller.workspace.workspace_id)
            renamed = {"experiment_id": experiment_id, "new_name": found["name"] + retired}
            server.call("POST", _API + "update", body=renamed).json()
        server.call("POST", _API + "delete", body={"experiment_id": experiment_id}).json()

    def restore(self, server: MlflowServer, caller: Caller, experiment_id: str) -> Json:
        """Back at its old path, owned by the caller. Errors: NotFound, AlreadyExists, PermissionDenied."""
        deleted = self._deleted(caller, experiment_id)
        if deleted is None:
            raise NotFound(f"No deleted experiment with id '{experiment_id}' that you may restore.")
        self._refuse_taken(caller, deleted["path"])
        self._tree.require_parent(caller, deleted["path"])
        server.call("POST", _API + "restore", body={"experiment_id": experiment_id}).json()
        renamed = {"experiment_id": experiment_id, "new_name": deleted["path"]}
        server.call("POST", _API + "update", body=renamed).json()
        self._tree.add_experiment(caller, deleted["path"], experiment_id)
        self._store.delete(_DELETED, experiment_id, scope=caller.workspace.workspace_id)
        return {}

    def _deleted(self, caller: Caller, experiment_id: str) -> Document | None:
        note = self._store.get(_DELETED, experiment_id, scope=caller.workspace.workspace_id)
        if note is None or not (caller.is_admin or note["deleted_by"] == caller.principal):
            return None
        return note

    def _path(self, name: str) -> str:
        if not name.startswith("/"):
            raise InvalidParameter(
                f"Got an invalid experiment name '{name}'. An experiment name must be an absolute path within the "
                "Databricks workspace. E.g., '/Users/<some-username>/my-experiment'."
            )
        return self._tree.canonical(name)

    def _refuse_taken(self, caller: Caller, path: str) -> None:
        if self._tree.object_at(caller.workspace.workspace_id, path) is not None:
            raise AlreadyExists(f"Node named '{path}' already exists.", status=400)


def _owned(tags: list[Any], caller: Caller, path: str) -> list[Any]:
    """The tags that Databricks adds to every experiment, after the client's own."""
    added = {
        "mlflow.ownerEmail": caller.principal,
        "mlflow.experiment.sourceName": path,
        "mlflow.experimentType": _EXPERIMENT,
    }
    kept = [tag for tag in tags if not isinstance(tag, dict) or tag.get("key") not in added]
    return kept + [{"key": key, "value": value} for key, value in added.items()]
