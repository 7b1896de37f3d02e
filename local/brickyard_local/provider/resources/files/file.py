"""databricks_file: a file in a volume."""

import urllib.parse

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
from brickyard_local.provider.wire.values import Value


class File(Resource):
    """Content is known by its hash; a file changed behind Terraform's back by its modification time."""

    type_name = "databricks_file"
    import_form = "/Volumes/<catalog>/<schema>/<volume>/<path>"
    behaviour = Behaviour(
        force_new=frozenset({"path"}),
        defaults={"md5": CHANGED},
        checks=CONTENT_CHECKS,
        one_of=CONTENT_RULES,
        local=frozenset({"id", "content_base64", "md5", "path", "source"}),
        reported=frozenset({"md5", "remote_file_modified"}),
    )

    def create(self, session: Session, planned: State) -> str:
        path = str(planned["path"])
        session.api.upload(_path(path), content_of(planned))
        return path

    def read(self, session: Session, state: State) -> Found | None:
        """The time stays as recorded: an update which fails must be tried again."""
        headers = session.api.head(_path(str(state["id"])))
        return {"remote_file_modified": headers.get("last-modified") != state.get("modification_time")}

    def written(self, session: Session, state: State) -> Found | None:
        headers = session.api.head(_path(str(state["id"])))
        return {
            "file_size": int(headers["content-length"]),
            "md5": md5_of(content_of(state)),
            "modification_time": headers.get("last-modified"),
            "remote_file_modified": False,
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.upload(_path(str(prior["id"])), content_of(planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(str(prior["id"])))

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        return plan_md5(prior, planned)


def _path(path: str) -> str:
    return f"/api/2.0/fs/files{urllib.parse.quote(path)}"
