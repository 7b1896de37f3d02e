"""Bodies of the Files API."""

from pydantic import BaseModel, ConfigDict, Field


class UploadedPart(BaseModel, defer_build=True):
    """A part of a multipart upload."""

    part_number: int
    etag: str


class CompleteUpload(BaseModel, defer_build=True):
    """The parts that make the file."""

    parts: list[UploadedPart] = []


class PathBody(BaseModel, defer_build=True):
    """A path to make a URL for."""

    model_config = ConfigDict(extra="allow")

    path: str
    expire_time: str | None = None


class SessionBody(PathBody):
    """A path and the multipart upload to it."""

    session_token: str


class PartUrls(SessionBody):
    """Which parts URLs are wanted for."""

    start_part_number: int = Field(ge=1)
    count: int = Field(default=1, ge=1, le=1000)
