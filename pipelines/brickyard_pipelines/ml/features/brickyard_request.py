"""Features that a request does not carry, filled in before a model answers. Packed with it: it imports nothing of ours.

mlflow loads it by name (`loader_module` in the model's MLmodel). The folder `request/` of the model says which project
function derives the features, from which of the request's columns and from which tables that lie beside it.
"""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER, SETTINGS = "request", "request.json"
_LOADER = "_load_pyfunc"  # mlflow's protocol between a model's files and its module


def _load_pyfunc(path: str, model_config: Any = None) -> "Filled":
    """What mlflow calls: the model that its own loader gives, behind `Filled`. `path` is its folder or a file in it."""
    del model_config
    folder = next(folder for folder in (Path(path), *Path(path).parents) if (folder / "MLmodel").is_file())
    settings = json.loads((folder / FOLDER / SETTINGS).read_text(encoding="utf-8"))
    module, _, name = settings["function"].partition(":")
    references = {
        table: pd.read_csv(folder / FOLDER / f"{table}.csv", dtype=types, keep_default_na=False, na_values=[""])
        for table, types in settings["references"].items()
    }
    return Filled(
        model=getattr(importlib.import_module(settings["loader_module"]), _LOADER)(path),
        derive=getattr(importlib.import_module(module), name),
        settings=settings,
        references=references,
    )


class Filled:
    """A model behind its request: features that are missing in a row are derived; what the row carries stays."""

    def __init__(
        self, *, model: Any, derive: Any, settings: Mapping[str, Any], references: Mapping[str, pd.DataFrame]
    ) -> None:
        self.model = model
        self.derive = derive
        self.settings = settings
        self.references = {
            table: rows.set_index(settings["keys"][table], verify_integrity=True) for table, rows in references.items()
        }

    def predict(self, rows: pd.DataFrame, params: Any = None) -> Any:
        """The model's answers for the rows."""
        del params
        return self.model.predict(self.filled(rows))

    def filled(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The model's features: as carried, or else as derived."""
        carried = [name for name in self.settings["columns"] if name in rows]
        features = rows.drop(columns=carried)
        if not carried or rows[carried].isna().all(axis=None):
            return features
        derived = self.derived(rows)
        for name in derived.columns:
            known = features.get(name)
            features[name] = derived[name] if known is None else known.where(known.notna(), derived[name])
        return features

    def derived(self, rows: pd.DataFrame) -> pd.DataFrame:
        """What the project's function can tell from the request's columns and the tables, row by row."""
        types = {name: object if kind == "string" else float for name, kind in self.settings["columns"].items()}
        request = rows.reindex(columns=list(types)).astype(types)
        found = {}
        for table, reference in self.references.items():
            looked_up = reference.reindex(request[self.settings["keys"][table]])
            found[table] = looked_up.set_axis(request.index)
        derived: pd.DataFrame = self.derive(request, found)
        return derived
