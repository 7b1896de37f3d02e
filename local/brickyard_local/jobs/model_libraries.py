"""What a served model requires and the workspace's own environment lacks: installed for it, as for a task.

Gaps: a package that is here in another version is used as it is (mlflow's warning stands in the entity's log); options
and paths of the file are passed over: of what they would bring, the entity's log names what is missing.
"""

from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import packages, wheels


class ModelLibraries:
    """Finds folders of packages for model versions; the same requirements share one."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def needed_by(self, model: Path) -> tuple[Path, ...]:
        """Folders for the path of the process that serves the files of a version.

        Errors: InvalidParameter with pip's words, when something cannot be installed.
        """
        try:
            lines = (model / "requirements.txt").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return ()  # a model that names nothing, or in a form that is not text, has what is here
        absent = wheels.absent(lines)
        if not absent:
            return ()
        run = packages.into_log(self._home.logs / "model-libraries.log")
        try:
            return (packages.ensure(absent, self._home.cache, run),)
        except wheels.CannotInstall as error:
            raise InvalidParameter(f"The environment of the model cannot be made: {error}") from error
