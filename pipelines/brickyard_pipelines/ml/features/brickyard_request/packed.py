"""A table that lies beside the model, and what every table that requests are filled in from can do."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

# pandas' types of a reference's columns. A whole number may be missing, which int64 cannot say.
TYPES = {"string": "object", "double": "float64", "int": "float64"}


class Table(Protocol):
    """Rows by key."""

    def rows(self, keys: pd.Series) -> pd.DataFrame:
        """A row for each of the keys, in their order; missing values where no row has the key."""


class PackedTable:
    """The rows as they were when the model was trained."""

    def __init__(self, rows: pd.DataFrame, *, key: str) -> None:
        self._rows = rows.set_index(key, verify_integrity=True)

    @classmethod
    def read(cls, path: Path, *, key: str, columns: Mapping[str, str]) -> "PackedTable":
        """From a CSV file with the columns, by name and type (`string`, `double`, `int`)."""
        types: dict[Hashable, str] = {name: TYPES[kind] for name, kind in columns.items()}
        return cls(pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""]), key=key)

    @classmethod
    def of(cls, rows: pd.DataFrame, *, key: str, columns: Mapping[str, str]) -> "PackedTable":
        """From rows in memory, with missing values of any kind."""
        typed = rows[list(columns)].astype({name: TYPES[kind] for name, kind in columns.items()})
        return cls(typed.where(typed.notna()), key=key)

    def rows(self, keys: pd.Series) -> pd.DataFrame:
        """See Table."""
        return self._rows.reindex(keys)
