"""What lands for each table, and which gold tables a project makes of its silver tables."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFiles:
    """What a table's landed files are: csv with a header, json_lines (an object per line), or parquet."""

    format: Literal["csv", "json_lines", "parquet"] = "csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldTable:
    """A function of the project over silver tables, and the table that its rows become in the schema gold."""

    name: str
    function: str
    inputs: tuple[str, ...]
    comment: str
