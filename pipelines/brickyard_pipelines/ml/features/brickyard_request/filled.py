"""A model behind its request: what a row does not carry is looked up and derived."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .packed import Table


class Filled:
    """A model behind its request: features that are missing in a row are derived; what the row carries stays.

    `columns` are the request's own, by name and type (`string`, `double`); `keys` are those of them by which the
    `references` are looked up.
    """

    def __init__(
        self,
        *,
        model: Any,
        derive: Any,
        columns: Mapping[str, str],
        keys: Mapping[str, str],
        references: Mapping[str, Table],
    ) -> None:
        self.model = model
        self.derive = derive
        self.columns = columns
        self.keys = keys
        self.references = references

    def predict(self, rows: pd.DataFrame, params: Any = None) -> Any:
        """The model's answers for the rows."""
        del params
        return self.model.predict(self.filled(rows))

    def filled(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The model's features: as carried, or else as derived."""
        carried = [name for name in self.columns if name in rows]
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
        types = {name: object if kind == "string" else float for name, kind in self.columns.items()}
        request = rows.reindex(columns=list(types)).astype(types)
        found = {
            name: table.rows(request[self.keys[name]]).set_axis(request.index)
            for name, table in self.references.items()
        }
        derived: pd.DataFrame = self.derive(request, found)
        return derived
