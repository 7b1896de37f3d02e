"""What a team has already: a registered model to begin with, a feature table or view, values to look up."""

from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingModel:
    """Its three-level name, and the version or the alias that is meant: exactly one, for `newest` is nobody's."""

    name: str
    version: int | None = None
    alias: str | None = None

    def __post_init__(self) -> None:
        if (self.version is None) == (self.alias is None):
            raise InvalidProject("workflow.existing_model: give `version` or `alias`, exactly one.")
        if self.name.count(".") != 2:
            raise InvalidProject(f"workflow.existing_model.name: got {self.name!r}, must be catalog.schema.model.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """Values that others keep with the time they are of, looked up as of each row's prediction moment.

    The newest row of `table` with the same values in the columns `by`, whose time `at` plus `delay_s` is not after the
    moment, and not older than `stale_after_s`, gives its `columns`. Where there is none they are missing.
    """

    table: str
    by: tuple[str, ...]
    at: str
    columns: tuple[str, ...]
    delay_s: int = 0
    stale_after_s: int | None = None

    def __post_init__(self) -> None:
        require_table_name(self.table, "workflow.features.existing.lookups.table")
        where = f"workflow.features.existing.lookups: {self.table}"
        if not self.by or not self.columns or set(self.columns) & {*self.by, self.at}:
            raise InvalidProject(
                f"{where} needs columns to find rows by and other ones to look up; got by {list(self.by)}, at"
                f" {self.at!r}, columns {list(self.columns)}."
            )
        for name in ("delay_s", "stale_after_s"):
            if (getattr(self, name) or 0) < 0:
                raise InvalidProject(
                    f"{where}: {name} is {getattr(self, name)}, must be 0 or more: nothing is known before its time."
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingFeatures:
    """A table or view that others keep, one row per key and prediction moment, and what is looked up for its rows."""

    table: str
    lookups: tuple[Lookup, ...] = ()

    def __post_init__(self) -> None:
        require_table_name(self.table, "workflow.features.existing.table")
        names = [name for lookup in self.lookups for name in lookup.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidProject(f"workflow.features.existing.lookups: {', '.join(twice)} is looked up twice.")


def require_table_name(name: str, where: str) -> None:
    """Errors: InvalidProject unless it is schema.table, in this environment's catalog, or catalog.schema.table."""
    parts = name.split(".")
    if len(parts) not in (2, 3) or not all(parts) or "`" in name:
        raise InvalidProject(
            f"{where}: got {name!r}, must be schema.table (in the environment's catalog) or catalog.schema.table."
        )
