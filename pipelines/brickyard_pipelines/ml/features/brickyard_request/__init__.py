"""Features that a request does not carry, filled in before a model answers.

Packed with the model: it imports only its own modules, by their place. mlflow loads it by name (`loader_module` in the
model's MLmodel). The folder `request/` of the model says which project function derives the features, from which of the
request's columns, and from which tables: packed beside it, or asked in an online store.
"""

import importlib
import json
from pathlib import Path
from typing import Any

from .filled import Filled
from .online import OnlineTable, Store
from .packed import PackedTable, Table

FOLDER, SETTINGS = "request", "request.json"
_LOADER = "_load_pyfunc"  # mlflow's protocol between a model's files and its module


def _load_pyfunc(path: str, model_config: Any = None) -> "Filled":
    """What mlflow calls: the model that its own loader gives, behind `Filled`. `path` is its folder or a file in it."""
    del model_config
    folder = next(folder for folder in (Path(path), *Path(path).parents) if (folder / "MLmodel").is_file())
    settings = json.loads((folder / FOLDER / SETTINGS).read_text(encoding="utf-8"))
    module, _, name = settings["function"].partition(":")
    return Filled(
        model=getattr(importlib.import_module(settings["loader_module"]), _LOADER)(path),
        derive=getattr(importlib.import_module(module), name),
        columns=settings["columns"],
        keys={name: reference["key"] for name, reference in settings["references"].items()},
        references=_tables(folder / FOLDER, settings),
    )


def _tables(folder: Path, settings: Any) -> dict[str, Table]:
    """The references by name. One store is asked for all of its tables, over the same connections."""
    references = settings["references"]
    online = {name: reference["online"] for name, reference in references.items() if "online" in reference}
    store = Store(settings["online_store"], sorted(set(online.values()))) if online else None
    tables: dict[str, Table] = {}
    for name, reference in references.items():
        if name in online:
            assert store is not None  # noqa: S101 - there is one when a table is online
            tables[name] = OnlineTable(store, online[name], key=reference["key"], columns=reference["columns"])
        else:
            tables[name] = PackedTable.read(folder / f"{name}.csv", key=reference["key"], columns=reference["columns"])
    return tables
