"""Folders in the workspace's tree."""

import re
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_databricks.directory import Directory
from constructs import Construct

from brickyard_constructs.checks import check_workspace_path, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject

_SHARED = re.compile(r"(/Workspace)?/Shared(/.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderProps:
    """Where the folder stands, and who may read or write in it; without `protected`, what is in it goes with it.

    Without `permissions` it has those of the folder above. Everything in it inherits them.
    """

    path: str
    permissions: tuple[Permission, ...] = ()
    protected: bool = True

    def __post_init__(self) -> None:
        check_workspace_path("path", self.path)


class Folder(Construct):
    """A folder that others' objects stand in: an experiment cannot be made in a folder that is not there.

    Creates: databricks_directory; databricks_permissions, where `permissions` are given.
    Gaps: under /Shared every user of the workspace may add objects; access is kept on the objects themselves.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/directory
    """

    def __init__(self, scope: Construct, id_: str, props: FolderProps) -> None:
        super().__init__(scope, id_)
        self.directory = Directory(
            self,
            "Resource",
            path=props.path,
            delete_recursive=not props.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if props.protected else None,
        )
        if props.permissions:
            # By its id, as the provider imports it: a path would be another argument, and a replacement.
            object_id = Token.as_string(self.directory.object_id)
            ObjectPermissions(
                self,
                "permissions",
                on=Target(kind=WorkspaceObject.DIRECTORY_ID, name=props.path, object_id=object_id),
                permissions=props.permissions,
            )


def check_private(prop: str, value: str) -> None:
    """A path outside of /Shared, for what runs as a principal: in /Shared everybody may edit everything."""
    check_workspace_path(prop, value)
    if known(value) and _SHARED.fullmatch(value):
        rule = "outside of /Shared: everybody may edit what lies there, and what they write would run as the principal"
        raise InvalidProps(prop, value, rule=rule)
