"""databricks_workspace_file: a file in the workspace tree."""

import base64

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.content import (
    CHANGED,
    CONTENT_CHECKS,
    CONTENT_RULES,
    content_of,
    md5_of,
    plan_md5,
)
from brickyard_local.provider.resources.workspace.tree import WORKSPACE, import_with_parents
from brickyard_local.provider.wire.values import Value


class WorkspaceFile(Resource):
    """A file in the workspace tree; missing parent folders are made."""

    type_name = "databricks_workspace_file"
    import_form = "/<path>"
    behaviour = Behaviour(
        schema_version=1,
        force_new=frozenset({"path"}),
        defaults={"md5": CHANGED},
        checks=CONTENT_CHECKS,
        one_of=CONTENT_RULES,
        local=frozenset({"id", "content_base64", "md5", "source"}),
        reported=frozenset({"md5"}),
    )

    def create(self, session: Session, planned: State) -> str:
        path = str(planned["path"])
        import_with_parents(session, _body(path, planned))
        return path

    def read(self, session: Session, state: State) -> Found | None:
        path = str(state["id"])
        status = session.api.get(f"{WORKSPACE}/get-status", {"path": path})
        links = {"url": session.url("#workspace", path), "workspace_path": f"/Workspace{path}"}
        return {**session.found(status), **links}

    def written(self, session: Session, state: State) -> Found | None:
        found = self.read(session, state)
        return None if found is None else {**found, "md5": md5_of(content_of(state))}

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.post(f"{WORKSPACE}/import", _body(str(prior["id"]), planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{WORKSPACE}/delete", {"path": prior["id"]})

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        return plan_md5(prior, planned)


def _body(path: str, planned: State) -> dict[str, Value]:
    content = base64.b64encode(content_of(planned)).decode()
    return {"content": content, "format": "RAW", "overwrite": True, "path": path}
