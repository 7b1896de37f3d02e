"""A registered model that a team has already, to begin with."""

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
