"""URLs of cloud storage, and the folder of the home that stands for each.

`s3://bucket/a/b` is `external/s3/bucket/a/b` below the home: the folder of a URL depends on the URL alone, so two
names for one place are one place, and nothing that a client sends leads out of `external`.
Source: docs.databricks.com/connect/unity-catalog/cloud-storage/external-locations (schemes; overlap rules).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from brickyard_local.errors import InvalidParameter

EXTERNAL = "external"
SCHEMES = ("abfss", "gs", "r2", "s3")
_SHAPE = re.compile(r"^([a-z0-9]+)://([^/?#\s]+)(/[^?#]*)?$")
_MAX_NAME_BYTES = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageUrl:
    """A place in cloud storage: container and path, without a trailing slash."""

    scheme: str
    authority: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join((f"{self.scheme}://{self.authority}", *self.names))

    @property
    def folder(self) -> str:
        """Where its files lie, below the home."""
        return "/".join((EXTERNAL, self.scheme, self.authority, *self.names))

    def holds(self, other: "StorageUrl") -> bool:
        """Whether `other` is this place or lies below it."""
        same = (self.scheme, self.authority) == (other.scheme, other.authority)
        return same and other.names[: len(self.names)] == self.names

    def overlaps(self, other: "StorageUrl") -> bool:
        return self.holds(other) or other.holds(self)


def storage_url(text: str) -> StorageUrl:
    """Read a URL. Errors: InvalidParameter for another scheme, and for a path with `..` or an empty name.

    >>> storage_url("s3a://lake/raw/").folder
    'external/s3/lake/raw'
    """
    shape = _SHAPE.match(text.strip())
    scheme = shape.group(1).replace("s3a", "s3") if shape else ""
    if shape is None or scheme not in SCHEMES:
        raise InvalidParameter(
            f"'{text}' is not a URL of cloud storage that Unity Catalog takes. Write one of "
            f"{', '.join(f'{each}://<container>/<path>' for each in SCHEMES)}, without a query."
        )
    path = (shape.group(3) or "").removeprefix("/").removesuffix("/")
    names = tuple(path.split("/")) if path else ()
    for name in (shape.group(2), *names):
        _check_name(name, text)
    return StorageUrl(scheme=scheme, authority=shape.group(2).lower(), names=names)


def from_folder(location: str, home: Path) -> StorageUrl | None:
    """The URL that a `file:` location of this machine stands for, or None when it lies outside of `external`."""
    if not location.startswith("file:"):
        return None
    path = Path(unquote("/" + location.removeprefix("file:").lstrip("/")))
    try:
        scheme, authority, *names = path.relative_to(home / EXTERNAL).parts
    except ValueError:
        return None
    return storage_url("/".join((f"{scheme}://{authority}", *names)))


def as_file_url(folder: Path) -> str:
    """The location of a folder, as engines on this machine take it."""
    return "file://" + quote(str(folder))


def _check_name(name: str, text: str) -> None:
    if name in {"", ".", ".."} or unquote(name) in {".", ".."}:
        raise InvalidParameter(f"URL '{text}' holds an empty name, '.' or '..': write the path without them.")
    if len(name.encode(errors="surrogatepass")) > _MAX_NAME_BYTES or any(ord(each) < 32 for each in name):
        raise InvalidParameter(f"URL {text[:80]!r} holds a control character or a name above {_MAX_NAME_BYTES} bytes.")
