"""The workspace's own tree of objects."""

from brickyard_constructs.workspace.folder import Folder, FolderProps

__all__ = ["Folder", "FolderProps"]
