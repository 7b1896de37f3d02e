"""`dbutils.notebook`, `dbutils.widgets` and `dbutils.library` of a notebook's process.

Source: docs.databricks.com/dev-tools/databricks-utils (notebook, widgets and library utilities)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class NotebookExit(BaseException):
    """Raised by `dbutils.notebook.exit`: ends the notebook with a value, and is no error."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class RestartPython(BaseException):
    """Raised by `dbutils.library.restartPython`: the next cell runs in a new process."""


class InputWidgetNotDefined(KeyError):
    """Raised for a widget that neither the notebook nor its parameters define."""

    def __str__(self) -> str:
        return str(self.args[0])


class Widgets:
    """`dbutils.widgets`. Values given as parameters win over a widget's default."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._values = dict(given)

    def get(self, name: str) -> str:
        """Errors: InputWidgetNotDefined."""
        if name not in self._values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        return self._values[name]

    def getAll(self) -> dict[str, str]:  # noqa: N802 - Databricks' own name
        return dict(self._values)

    def getArgument(self, name: str, defaultValue: str | None = None) -> str | None:  # noqa: N802, N803
        return self._values.get(name, defaultValue)

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803, ARG002
        self._define(name, defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,  # noqa: ARG002
    ) -> None:
        """Errors: ValueError when the default is none of the choices."""
        if defaultValue not in choices:
            raise ValueError(f"The default '{defaultValue}' of widget '{name}' is none of its choices {list(choices)}.")
        self._define(name, defaultValue)

    def combobox(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],  # noqa: ARG002
        label: str | None = None,  # noqa: ARG002
    ) -> None:
        self._define(name, defaultValue)

    def multiselect(
        self,
        name: str,
        defaultValue: str,  # noqa: N803
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Errors: ValueError when the default is none of the choices."""
        self.dropdown(name, defaultValue, choices, label)

    def remove(self, name: str) -> None:
        self._values.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        self._values.clear()

    def set(self, given: Mapping[str, str]) -> None:
        """Values that `%run` hands to the notebook that it runs."""
        self._given |= given
        self._values |= given

    def _define(self, name: str, default: str) -> None:
        self._values[name] = self._given.get(name, str(default))


Run = Callable[[str, float, Mapping[str, str]], str]


class NotebookUtility:
    """`dbutils.notebook`. `run` starts another notebook in a process of its own and answers its exit value."""

    def __init__(self, run: Run, resolve: Callable[[str], str] = str) -> None:
        self._run = run
        self._resolve = resolve

    def relative_to(self, resolve: Callable[[str], str]) -> "NotebookUtility":
        """The same, for paths that are named relative to a running notebook."""
        return NotebookUtility(self._run, resolve)

    def exit(self, value: Any) -> None:
        """End this notebook; the value becomes `notebook_output.result` of the run."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: float = 0, arguments: Mapping[str, Any] | None = None) -> str:
        """Errors: NotebookFailed when the other notebook fails or takes longer."""
        given = {str(name): str(value) for name, value in (arguments or {}).items()}
        return self._run(self._resolve(path), float(timeout_seconds or 0), given)


class Library:
    """`dbutils.library`."""

    def restartPython(self) -> None:  # noqa: N802
        """Forget all variables and imports; the next cell runs in a new process."""
        raise RestartPython
