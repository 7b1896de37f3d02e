"""What can go wrong with the local Spark engine."""

from brickyard_local.errors import LocalWorkspaceError


class SparkError(LocalWorkspaceError):
    """Base of the errors of this folder."""


class JavaUnusable(SparkError):
    """Raised when no Java runtime of a version that Spark supports is found."""


class JarsUnavailable(SparkError):
    """Raised when the jars cannot be downloaded, or are not those that the lock names."""


class PluginDoesNotCompile(SparkError):
    """Raised when the catalog plug-in does not compile against the installed Spark."""


class SparkServerFailed(SparkError):
    """Raised when the Spark server does not start, or was stopped while a task waited for it."""
