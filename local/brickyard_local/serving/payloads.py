"""Request bodies of serving endpoints. What an endpoint may configure is checked in `config`."""

from pydantic import BaseModel, ConfigDict, Field


class Tag(BaseModel, defer_build=True):
    """A tag of an endpoint."""

    model_config = ConfigDict(extra="forbid")

    key: str
    value: str | None = None


class PatchTags(BaseModel, defer_build=True):
    """Tags to set and keys to remove."""

    model_config = ConfigDict(extra="forbid")

    add_tags: list[Tag] = Field(default_factory=list)
    delete_tags: list[str] = Field(default_factory=list)
