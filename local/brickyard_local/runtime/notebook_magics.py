"""Magic commands of notebooks: %pip, %run, %sql, %sh, %restart_python; %md is read by nobody here.

Source: docs.databricks.com/notebooks/notebooks-code (mixed languages), …/libraries/notebooks-python-libraries
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard_local.runtime import task_files, workspace_api
from brickyard_local.runtime.notebook_display import display
from brickyard_local.runtime.notebook_flow import RestartPython
from brickyard_local.runtime.sql_text import bound, statements

if TYPE_CHECKING:
    from brickyard_local.runtime.notebook_run import NotebookRun
    from brickyard_local.runtime.notebook_source import Part


class Magics:
    """Runs the parts of cells that are not Python."""

    def __init__(self, notebook: "NotebookRun") -> None:
        self._notebook = notebook

    def run(self, part: "Part") -> None:
        """Errors: those of what it runs."""
        match part.kind:
            case "sql":
                self._sql(part.text)
            case "sh":
                _shell(part.text)
            case "pip":
                _pip(part.text)
            case "run":
                self._run_other(part.text)
            case "restart_python":
                raise RestartPython

    def _sql(self, text: str) -> None:
        """Each statement; `:name` is a widget's value. The last result is shown and kept as `_sqldf`."""
        session = self._notebook.spark()
        values = self._notebook.widgets.getAll()
        for statement in statements(text):
            result = session.sql(bound(statement, values))
            self._notebook.module.__dict__["_sqldf"] = result
            if result.columns:
                display(result)

    def _run_other(self, text: str) -> None:
        words = shlex.split(text)
        if not words:
            raise ValueError("%run needs the path of a notebook: %run ./other")
        given = dict(_argument(word) for word in words[1:])
        self._notebook.run_other(words[0], given)


def _argument(word: str) -> tuple[str, str]:
    name, found, value = word.partition("=")
    if not found or not name.startswith("$"):
        raise ValueError(f'%run takes arguments as $name="value"; got {word}')
    return name[1:], value


def _shell(text: str) -> None:
    """With -e a failing command fails the cell, else its exit status is only shown, as on Databricks."""
    first, _, rest = text.partition("\n")
    strict = first.strip() == "-e"
    script = rest if strict else text
    ended = subprocess.run(["/bin/bash", *(["-e"] if strict else []), "-c", script], check=False)
    if strict:
        ended.check_returncode()
    elif ended.returncode:
        print(f"[exit status {ended.returncode}]")  # noqa: T201 - the log is where a task shows things


def _pip(text: str) -> None:
    """`%pip install …` into the task's own folder; nothing else of pip changes anything here."""
    from brickyard_local.runtime import pip_install

    words = shlex.split(text)
    if words[:1] != ["install"]:
        raise ValueError(f"The local workspace runs `%pip install …` only; got `%pip {text}`.")
    scratch = Path(os.environ["BRICKYARD_TASK_SCRATCH"])
    arguments = [_fetched(word, scratch / "downloads") for word in words[1:]]
    target = scratch / task_files.PACKAGES
    pip_install.install(arguments, target, sys.executable)
    pip_install.use(target)


def _fetched(word: str, folder: Path) -> str:
    """A wheel or a list of requirements that lies in the workspace, as a file of this machine."""
    in_workspace = word.startswith(("/Volumes/", "/Workspace/"))
    return str(workspace_api.download(word, folder)) if in_workspace else word
