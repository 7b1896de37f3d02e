"""Bodies of workspace requests."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["PYTHON", "SQL", "SCALA", "R"]
ImportFormat = Literal["SOURCE", "HTML", "JUPYTER", "DBC", "R_MARKDOWN", "AUTO", "RAW"]


class ImportObject(BaseModel, defer_build=True):
    """A notebook or file to write; `content` is base64 in JSON and plain in multipart/form-data."""

    model_config = ConfigDict(extra="forbid")

    path: str
    format: ImportFormat = "SOURCE"
    language: Language | None = None
    overwrite: bool = False
    content: str = ""


class PathBody(BaseModel, defer_build=True):
    """A path."""

    model_config = ConfigDict(extra="forbid")

    path: str


class DeleteObject(PathBody):
    """A path, and whether what lies below it goes too."""

    recursive: bool = False
