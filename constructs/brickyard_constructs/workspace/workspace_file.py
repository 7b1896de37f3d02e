"""Files in the workspace's tree: SQL and Python that jobs run."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_databricks.workspace_file import WorkspaceFile as WorkspaceFileResource
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.workspace.folder import check_private


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceFileProps:
    """A file of this machine, where it goes, and who may read or edit it; not in /Shared, as notebooks."""

    path: str
    source: Path
    permissions: tuple[Permission, ...]

    def __post_init__(self) -> None:
        check_private("path", self.path)
        check_not_empty("permissions", self.permissions)
        if not self.source.is_file():
            raise InvalidProps("source", str(self.source), rule="must be a file")


class WorkspaceFile(Construct):
    """A file that Terraform writes, from a copy in the stack's own folder: a plan made here applies elsewhere.

    Creates: databricks_workspace_file; databricks_permissions.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/workspace_file
    """

    def __init__(self, scope: Construct, id_: str, props: WorkspaceFileProps) -> None:
        super().__init__(scope, id_)
        content = hashlib.sha256(props.source.read_bytes()).hexdigest()
        source = str(props.source.resolve())
        asset = TerraformAsset(self, "asset", path=source, type=AssetType.FILE, asset_hash=content[:16])
        self.file = WorkspaceFileResource(self, "Resource", path=props.path, source=asset.path)
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.WORKSPACE_FILE, name=props.path, object_id=self.file.path),
            permissions=props.permissions,
        )
        # Taken from the resource, a job that runs it waits for it. Tasks name the tree in full.
        self.path = f"/Workspace{self.file.path}"
