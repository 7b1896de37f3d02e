"""What features and labels a project builds, and of which silver tables."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureTable:
    """The project's function that builds features, and the columns that it promises."""

    function: str
    columns: str
    inputs: tuple[str, ...]
    key: str
    time_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The project's function that says what happened in the end: the key and a 0/1 label."""

    function: str
    inputs: tuple[str, ...]
    column: str
