"""databricks_directory: a folder in the workspace tree."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.workspace.tree import WORKSPACE
from brickyard_local.provider.wire.values import Value


def _adds_slash(old: Value, new: Value) -> bool:
    return isinstance(old, str) and new == f"{old}/"


class Directory(Resource):
    """A folder in the workspace tree."""

    type_name = "databricks_directory"
    import_form = "/<path>"
    behaviour = Behaviour(
        force_new=frozenset({"path"}),
        defaults={"delete_recursive": False},
        suppress={"path": _adds_slash},
        local=frozenset({"id", "delete_recursive"}),
    )

    def create(self, session: Session, planned: State) -> str:
        path = str(planned["path"])
        session.api.post(f"{WORKSPACE}/mkdirs", {"path": path})
        return path

    def read(self, session: Session, state: State) -> Found | None:
        path = str(state["id"])
        status = session.api.get(f"{WORKSPACE}/get-status", {"path": path})
        if status.get("object_type") != "DIRECTORY":
            raise InvalidValue(f"{path} is a {status.get('object_type')}, not a directory", "Use another path.")
        return {**session.found(status), "workspace_path": f"/Workspace{path}"}

    def update(self, _session: Session, prior: State, _planned: State) -> str:
        """Nothing of a directory can change but how it will be deleted."""
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        body = {"path": prior["id"]}
        if prior.get("delete_recursive"):
            body["recursive"] = True
        session.api.post(f"{WORKSPACE}/delete", body)
