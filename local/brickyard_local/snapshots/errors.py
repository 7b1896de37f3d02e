"""What a snapshot or its restore refuses, each with the fix in its message."""

from brickyard_local.errors import LocalWorkspaceError


class CannotSnapshot(LocalWorkspaceError):
    """Raised when no consistent copy can be taken now, or its file may not be written."""


class CannotRestore(LocalWorkspaceError):
    """Raised when a file is no whole snapshot of this home, or a server still uses the home."""
