"""Notebooks in the workspace's tree."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_databricks.notebook import Notebook as NotebookResource
from constructs import Construct

from brickyard_constructs.checks import check_one_of, check_workspace_path
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.workspace.folder import check_private

_LANGUAGES = {".py": "PYTHON", ".sql": "SQL", ".r": "R", ".scala": "SCALA"}
_NO_LANGUAGE_OF_ITS_OWN = ".ipynb"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotebookProps:
    """Where it stands, what is in it (a file of this machine, or text), and who may run or edit it.

    Whoever may edit a notebook that a job runs, runs code as the job's principal: so `path` is not in /Shared.
    """

    path: str
    permissions: tuple[Permission, ...]
    source: Path | None = None
    content: str | None = None
    language: str = "PYTHON"

    def __post_init__(self) -> None:
        check_private("path", self.path)
        check_workspace_path("path", self.path)
        check_one_of("language", self.language, tuple(_LANGUAGES.values()))
        if (self.source is None) == (self.content is None):
            raise InvalidProps("source, content", self.source, rule="exactly one of the two")
        if self.source is not None and not self.source.is_file():
            raise InvalidProps("source", str(self.source), rule="must be a file")
        if self.source is not None and self.source.suffix.lower() not in (*_LANGUAGES, _NO_LANGUAGE_OF_ITS_OWN):
            rule = f"ends with one of {', '.join((*_LANGUAGES, _NO_LANGUAGE_OF_ITS_OWN))}"
            raise InvalidProps("source", self.source.name, rule=rule)


class Notebook(Construct):
    """A notebook that Terraform writes; what people change there, the next deployment takes back.

    Creates: databricks_notebook; databricks_permissions.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/notebook
    """

    def __init__(self, scope: Construct, id_: str, props: NotebookProps) -> None:
        super().__init__(scope, id_)
        self.notebook = NotebookResource(self, "Resource", path=props.path, **self._content(props))
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.NOTEBOOK, name=props.path, object_id=self.notebook.path),
            permissions=props.permissions,
        )
        # Taken from the resource, a job that runs it waits for it.
        self.path = self.notebook.path

    def _content(self, props: NotebookProps) -> dict[str, Any]:
        if props.content is not None:
            encoded = base64.b64encode(props.content.encode()).decode()
            return {"content_base64": encoded, "language": props.language}
        assert props.source is not None  # noqa: S101 - the props are checked: one of the two is there
        content = hashlib.sha256(props.source.read_bytes()).hexdigest()
        asset = TerraformAsset(
            self, "asset", path=str(props.source.resolve()), type=AssetType.FILE, asset_hash=content[:16]
        )
        suffix = props.source.suffix.lower()
        return {"source": asset.path, **({"language": _LANGUAGES[suffix]} if suffix in _LANGUAGES else {})}
