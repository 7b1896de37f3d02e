"""Which gold tables a project makes of its silver tables."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldTable:
    """A function of the project over silver tables, and the table that its rows become in the schema gold."""

    name: str
    function: str
    inputs: tuple[str, ...]
    comment: str
