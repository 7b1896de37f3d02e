"""What a served model requires and the workspace's own environment lacks: installed for it, as for a task.

Gaps: a package that is here in another version is used as it is (mlflow's warning stands in the entity's log); options
and paths of the file are passed over: of what they would bring, the entity's log names what is missing.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from brickyard_local import children
from brickyard_local.account import Home
from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import packages, wheels

_PATIENCE_S = 600.0


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
        try:
            return (packages.ensure(absent, self._home.cache, self._run),) if absent else ()
        except wheels.CannotInstall as error:
            raise InvalidParameter(f"The environment of the model cannot be made: {error}") from error

    def _run(self, argv: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run pip to its end, or stop it when it takes too long. Errors: CannotInstall."""
        child = children.spawn(argv, log=self._home.logs / "model-libraries.log", environment=environment)
        try:
            return child.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise wheels.CannotInstall(f"pip did not end within {_PATIENCE_S:g} s.") from error
        finally:
            child.stop(grace_s=1.0)
