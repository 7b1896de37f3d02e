"""What is imported into the workspace tree as a whole and known by its hash: files and notebooks."""

import base64
from abc import abstractmethod

from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.content import content_of, md5_of, plan_md5
from brickyard_local.provider.resources.workspace.tree import WORKSPACE, import_with_parents
from brickyard_local.provider.wire.values import Value


class ContentObject(Resource):
    """Missing parent folders are made. `described` says how the API shall take the content."""

    import_form = "/<path>"

    @abstractmethod
    def described(self, planned: State) -> dict[str, Value]:
        """Format and language of the import's body."""

    def create(self, session: Session, planned: State) -> str:
        path = str(planned["path"])
        import_with_parents(session, self._body(path, planned))
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
        session.api.post(f"{WORKSPACE}/import", self._body(str(prior["id"]), planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{WORKSPACE}/delete", {"path": prior["id"]})

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        return plan_md5(prior, planned)

    def _body(self, path: str, planned: State) -> dict[str, Value]:
        content = base64.b64encode(content_of(planned)).decode()
        return {"content": content, "overwrite": True, "path": path, **self.described(planned)}
