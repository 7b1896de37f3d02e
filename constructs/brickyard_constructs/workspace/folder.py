"""Folders in the workspace's tree."""

from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.directory import Directory
from constructs import Construct

from brickyard_constructs.checks import check_workspace_path


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderProps:
    """Where the folder stands; without `protected`, what is in it goes with it."""

    path: str
    protected: bool = True

    def __post_init__(self) -> None:
        check_workspace_path("path", self.path)


class Folder(Construct):
    """A folder that others' objects stand in: an experiment cannot be made in a folder that is not there.

    Creates: databricks_directory.
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
