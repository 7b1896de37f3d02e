"""A data contract: the columns a source file must have, and the typed rows that silver keeps."""

from dataclasses import dataclass

TYPES = ("string", "int", "double", "boolean", "date", "timestamp")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A typed column. Without an `expression` it is the source column of the name `source`, cast.

    `expression` is Spark SQL over the bronze columns, all of them strings.
    """

    name: str
    type: str
    comment: str
    source: str | None = None
    expression: str | None = None
    nullable: bool = True

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"{self.name}: type {self.type!r} is none of {', '.join(TYPES)}")

    def sql(self) -> str:
        """The Spark SQL that makes this column out of bronze.

        >>> Column(name="seats", type="int", comment="").sql()
        'try_cast(trim(`seats`) AS int)'
        """
        if self.expression is not None:
            return self.expression
        return f"try_cast(trim(`{self.source or self.name}`) AS {self.type})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A condition that every silver row meets; a row that does not is quarantined with `reason`."""

    reason: str
    condition: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableContract:
    """One source table: the header of its files, and its silver form when `columns` are given."""

    name: str
    comment: str
    source_columns: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


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
