"""The workspace's own tree of objects, and whom it tells."""

from brickyard_constructs.workspace.folder import Folder, FolderProps
from brickyard_constructs.workspace.network_binding import NetworkBinding, NetworkBindingProps
from brickyard_constructs.workspace.notebook import Notebook, NotebookProps
from brickyard_constructs.workspace.notification_destination import (
    NotificationDestination,
    NotificationDestinationProps,
)
from brickyard_constructs.workspace.workspace_file import WorkspaceFile, WorkspaceFileProps

__all__ = [
    "Folder",
    "FolderProps",
    "NetworkBinding",
    "NetworkBindingProps",
    "Notebook",
    "NotebookProps",
    "NotificationDestination",
    "NotificationDestinationProps",
    "WorkspaceFile",
    "WorkspaceFileProps",
]
