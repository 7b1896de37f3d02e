"""Libraries that open files without Python: where a task imports one, its functions find `/Volumes/…` too.

Gaps: other functions of these libraries, and other libraries, find no volume; give them an open file.
"""

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from brickyard_local.runtime.import_hooks import after_import
from brickyard_local.runtime.volume_files import translated
from brickyard_local.runtime.volumes import Volumes


class _Takes(NamedTuple):
    """A function of a module, and where it takes a path."""

    function: str
    at: int
    name: str
    write: bool = False


_OPENING: Mapping[str, tuple[_Takes, ...]] = {
    "pyarrow": (_Takes("memory_map", 0, "path"), _Takes("OSFile", 0, "path")),
    "pyarrow.parquet.core": (
        _Takes("ParquetFile.__init__", 1, "source"),
        _Takes("ParquetWriter.__init__", 1, "where", write=True),
    ),
    "safetensors": (_Takes("safe_open", 0, "filename"), _Takes("serialize_file", 1, "filename", write=True)),
    "tokenizers": (_Takes("Tokenizer.from_file", 0, "path"),),
    "torch.serialization": (_Takes("load", 0, "f"), _Takes("save", 1, "f", write=True)),
}


def install(volumes: Volumes) -> None:
    """Watch for their imports."""
    for module, functions in _OPENING.items():
        after_import(module, functools.partial(_change, volumes, functions))


def _change(volumes: Volumes, functions: tuple[_Takes, ...], module: ModuleType) -> None:
    for takes in functions:
        owner: object = module
        *classes, name = takes.function.split(".")
        for each in classes:
            owner = getattr(owner, each)
        changed = translated(volumes, getattr(owner, name), write=takes.write, at=takes.at, name=takes.name)
        is_method = name == "__init__"
        setattr(owner, name, staticmethod(changed) if classes and not is_method else changed)
