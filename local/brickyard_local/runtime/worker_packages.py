"""Packages that were installed for a task, for the functions that Spark's Python workers call for it.

Wheels travel as zips; packages may hold compiled code, which no zip can. Workers and task share the machine, as driver
and workers of a Databricks cluster share its libraries: so what a function is pickled with says where the packages lie,
and a worker reads that first.
Gaps: a worker that another task has used keeps what it has imported.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from brickyard_local.runtime.import_hooks import after_import


def install(folders: Sequence[Path]) -> None:
    """Watch for the import of pyspark's serializers. A folder may be made later, as that of a notebook's `%pip`."""
    after_import("pyspark.serializers", functools.partial(_change, tuple(folders)))


class _With:
    """An object that unpickles as itself, once its packages are on the path."""

    def __init__(self, folders: Sequence[Path], value: Any) -> None:
        self._uses = [_Uses(folder) for folder in folders]
        self._value = value

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return operator.itemgetter(-1), ((*self._uses, self._value),)  # pickle reads a tuple from its beginning


class _Uses:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        from brickyard_local.runtime import pip_install  # here, since every task starts with this module

        return pip_install.use, (self._folder,)


def _change(folders: tuple[Path, ...], serializers: ModuleType) -> None:
    kind = serializers.CloudPickleSerializer
    original = kind.dumps

    @functools.wraps(original)
    def dumps(self: Any, value: Any) -> Any:
        there = [folder for folder in folders if folder.is_dir()]
        return original(self, _With(there, value) if there else value)

    kind.dumps = dumps
