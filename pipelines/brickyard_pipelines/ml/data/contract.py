"""A data contract: the columns a source file must have, and the typed rows that silver keeps."""

import zoneinfo
from dataclasses import dataclass

TYPES = ("string", "int", "double", "boolean", "date", "timestamp")
EVOLVE = ("refuse", "add")
FORMATS = ("csv", "json_lines", "parquet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A typed column. Without an `expression` it is the source column of the name `source`, cast.

    `expression` is Spark SQL over the bronze columns, all of them strings. A timestamp without an expression says its
    own offset in every row (…Z, …+01:00), or is the local time of `time_zone`; of an hour that a change of clocks
    repeats, the first is meant.
    """

    name: str
    type: str
    comment: str
    source: str | None = None
    expression: str | None = None
    nullable: bool = True
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"{self.name}: type {self.type!r} is none of {', '.join(TYPES)}")
        if self.time_zone is None:
            return
        if self.type != "timestamp" or self.expression is not None:
            raise ValueError(f"{self.name}: time_zone is for a timestamp without an expression")
        if self.time_zone not in zoneinfo.available_timezones():
            raise ValueError(f"{self.name}: time_zone {self.time_zone!r} is no IANA time zone such as Europe/Berlin")

    def text(self) -> str:
        """The source column as Spark SQL, without blanks around its value."""
        return f"trim(`{self.source or self.name}`)"

    def sql(self) -> str:
        """The Spark SQL that makes this column out of bronze.

        >>> Column(name="seats", type="int", comment="").sql()
        'try_cast(trim(`seats`) AS int)'
        >>> Column(name="at", type="timestamp", comment="", time_zone="Europe/Berlin").sql()
        "to_utc_timestamp(try_cast(trim(`at`) AS timestamp), 'Europe/Berlin')"
        """
        if self.expression is not None:
            return self.expression
        cast = f"try_cast({self.text()} AS {self.type})"
        return f"to_utc_timestamp({cast}, '{self.time_zone}')" if self.time_zone else cast


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A condition that every silver row meets; a row that does not is quarantined with `reason`."""

    reason: str
    condition: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableContract:
    """One source table: the header of its files, and its silver form when `columns` are given.

    `evolve` says what a column does that the contract does not name: `refuse` (an error), or `add` (bronze keeps it).
    `format` is that of the files; project.yaml says it (workflow.sources).
    """

    name: str
    comment: str
    source_columns: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    evolve: str = "refuse"
    format: str = "csv"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"{self.name}: format {self.format!r} is none of {', '.join(FORMATS)}")
        if self.evolve not in EVOLVE:
            raise ValueError(f"{self.name}: evolve {self.evolve!r} is none of {', '.join(EVOLVE)}")
        unknown = [name for name in self.key if name not in {column.name for column in self.columns}]
        if unknown:
            raise ValueError(f"{self.name}: key {unknown} is no column of the contract")


@dataclass(frozen=True, kw_only=True, slots=True)
class LandingFile:
    """A source file to land: its table, the name it gets in the volume, its bytes."""

    table: str
    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """A model input: known at the prediction moment, offline and in a request alike.

    `type` is string or double: whole numbers are doubles too, so that a missing value stays possible.
    """

    name: str
    type: str
    comment: str
    required: bool = False
