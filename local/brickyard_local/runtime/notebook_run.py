"""Runs a notebook: its cells one after another in one namespace, as a task's process.

Variables live in a module called `__main__`. The session `spark` is opened by the first cell that names it. What a
cell's last line is worth is shown, `None` is not. An error names the notebook, the cell and the line in the cell.
Gaps: the notebook's own folder is on the path, but files of the workspace are opened by SDK, not by `open()`.
"""

import ast
import linecache
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import CodeType, ModuleType
from typing import Any

from brickyard_local.runtime import notebook_source, workspace_api
from brickyard_local.runtime.notebook_display import display, display_html
from brickyard_local.runtime.notebook_flow import NotebookUtility, RestartPython, Widgets
from brickyard_local.runtime.notebook_magics import Magics
from brickyard_local.runtime.notebook_source import Cell, Part
from brickyard_local.runtime.task_utilities import TaskUtilities

_OF_SPARK = {"spark", "sql", "table", "udf"}


class CannotReadNotebook(RuntimeError):
    """Raised when a notebook is missing, may not be read, or is written in a language that does not run here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notebook:
    """A notebook of the workspace, cut into cells."""

    path: str
    cells: list[Cell]


class RestartAt(BaseException):
    """Raised when Python is to be restarted: the process that follows begins with cell `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def load(path: str) -> Notebook:
    """Read a notebook of the workspace. Errors: CannotReadNotebook, UnknownMagic."""
    try:
        status = workspace_api.call("GET", "/api/2.0/workspace/get-status", query={"path": path})
        if status["object_type"] != "NOTEBOOK":
            raise CannotReadNotebook(f"{path} is a {status['object_type']}, not a NOTEBOOK.")
        exported = workspace_api.call("GET", "/api/2.0/workspace/export", query={"path": path, "format": "AUTO"})
    except workspace_api.WorkspaceRefused as error:
        raise CannotReadNotebook(f'Unable to access the notebook "{path}" in the workspace: {error}') from None
    import base64

    content = base64.b64decode(exported["content"]).decode()
    language = status.get("language", "PYTHON")
    if language not in {"PYTHON", "SQL"}:
        raise CannotReadNotebook(f"{path} is a {language} notebook; the local workspace runs PYTHON and SQL notebooks.")
    return Notebook(path=path, cells=notebook_source.cells(content, language))


class NotebookRun:
    """The namespace that the cells of a notebook, and of those that it runs with %run, share."""

    def __init__(self, utilities: TaskUtilities, widgets: Widgets, notebook: NotebookUtility) -> None:
        utilities.become_notebook(widgets=widgets, notebook=notebook.relative_to(self.resolve))
        self.widgets = widgets
        self.module = ModuleType("__main__")
        self.magics = Magics(self)
        self._running: list[str] = []
        self.module.__dict__.update(
            dbutils=utilities,
            display=display,
            displayHTML=display_html,
            getArgument=widgets.getArgument,
        )

    def run(self, notebook: Notebook, *, first_cell: int = 1) -> None:
        """Run the cells from one on. Errors: those of the cells, NotebookExit, RestartAt."""
        sys.modules["__main__"] = self.module
        for cell in notebook.cells[first_cell - 1 :]:
            try:
                self._run_cell(notebook, cell)
            except RestartPython:
                raise RestartAt(cell.number + 1) from None

    def run_other(self, name: str, given: Mapping[str, str]) -> None:
        """%run: the other notebook's cells in this namespace. Errors: RecursionError when it runs itself."""
        path = self.resolve(name)
        if path in self._running:
            raise RecursionError(f"%run {name}: {' → '.join([*self._running, path])}")
        self.widgets.set(given)
        other = load(path)
        for cell in other.cells:
            self._run_cell(other, cell)

    def resolve(self, name: str) -> str:
        """The path of a notebook that is named relative to the running one."""
        path = PurePosixPath(self._running[-1]).parent / name if self._running else PurePosixPath(name)
        parts: list[str] = []
        for part in path.parts[1:]:
            parts = parts[:-1] if part == ".." else [*parts, part]
        return "/" + "/".join(part for part in parts if part != ".")

    def spark(self) -> Any:
        """The session, opened when it is first needed."""
        from pyspark.sql import SparkSession
        from pyspark.sql.functions import udf

        session = SparkSession.builder.getOrCreate()
        names = {"spark": session, "sql": session.sql, "table": session.table, "udf": udf}
        for name, value in names.items():
            self.module.__dict__.setdefault(name, value)
        return session

    def _run_cell(self, notebook: Notebook, cell: Cell) -> None:
        self._running.append(notebook.path)
        try:
            for part in cell.parts:
                if part.kind == "python":
                    self._python(part, f"{notebook.path}, cell {cell.number}")
                else:
                    self._magic(part, f"{notebook.path}, cell {cell.number}")
        finally:
            self._running.pop()
            sys.stdout.flush()

    def _magic(self, part: Part, where: str) -> None:
        try:
            self.magics.run(part)
        except Exception as error:
            error.add_note(f"in %{part.kind} of {where}, line {part.line + 1}")
            raise

    def _python(self, part: Part, where: str) -> None:
        text = "\n" * part.line + part.text + "\n"
        linecache.cache[where] = (len(text), None, text.splitlines(keepends=True), where)
        tree = ast.parse(text, where)
        self._open_spark_for(tree)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = ast.Module(body=tree.body[:-1] if last else tree.body, type_ignores=[])
        self._execute(compile(body, where, "exec"))
        if last is not None:
            value = self._execute(compile(ast.Expression(last.value), where, "eval"))
            if value is not None and not part.text.rstrip().endswith(";"):
                display(value)

    def _open_spark_for(self, tree: ast.Module) -> None:
        """Unless the cell makes these names itself, e.g. `spark = SparkSession.builder.getOrCreate()`."""
        made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        made |= {
            (alias.asname or alias.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & _OF_SPARK
        if used - made - set(self.module.__dict__):
            self.spark()

    def _execute(self, code: CodeType) -> Any:
        return eval(code, self.module.__dict__)  # noqa: S307 - running the author's code is what a notebook is for
