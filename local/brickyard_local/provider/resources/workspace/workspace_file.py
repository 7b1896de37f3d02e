"""databricks_workspace_file: a file in the workspace tree."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import State
from brickyard_local.provider.resources.content import CHANGED, CONTENT_CHECKS, CONTENT_RULES
from brickyard_local.provider.resources.workspace.content_object import ContentObject
from brickyard_local.provider.wire.values import Value


class WorkspaceFile(ContentObject):
    """A file in the workspace tree, byte by byte."""

    type_name = "databricks_workspace_file"
    behaviour = Behaviour(
        schema_version=1,
        force_new=frozenset({"path"}),
        defaults={"md5": CHANGED},
        checks=CONTENT_CHECKS,
        one_of=CONTENT_RULES,
        local=frozenset({"id", "content_base64", "md5", "source"}),
        reported=frozenset({"md5"}),
    )

    def described(self, planned: State) -> dict[str, Value]:  # noqa: ARG002 - all files alike
        return {"format": "RAW"}
