"""Paths of the file tree: nothing that a client sends leads out of the folder that it may use."""

from pathlib import Path

from brickyard_local.errors import InvalidParameter, PermissionDenied

_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 3000


def split_path(path: str) -> tuple[str, ...]:
    """The names in an absolute path; one trailing slash is allowed. Errors: InvalidParameter.

    >>> split_path("/Volumes/main/raw/landing/a b.csv")
    ('Volumes', 'main', 'raw', 'landing', 'a b.csv')
    """
    plain = path.removeprefix("dbfs:")
    if not plain.startswith("/"):
        raise InvalidParameter(f"Path '{path}' is not absolute: start it with /Volumes/, /Models/ or /Workspace/.")
    names = tuple(plain[1:].removesuffix("/").split("/"))
    if names == ("",):
        return ()
    for name in names:
        _check_name(name, path)
    if len(plain.encode(errors="surrogatepass")) > _MAX_PATH_BYTES:
        raise InvalidParameter(f"A path has at most {_MAX_PATH_BYTES} bytes; this one starts with '{path[:80]}'.")
    return names


def descend(base: Path, names: tuple[str, ...]) -> Path:
    """The path below `base`. Errors: PermissionDenied when a symbolic link lies on the way."""
    current = base
    for name in names:
        current = current / name
        if current.is_symlink():
            raise PermissionDenied(f"'{name}' is a symbolic link: the Files API does not follow them.")
    return current


def _check_name(name: str, path: str) -> None:
    if name in {"", ".", ".."}:
        raise InvalidParameter(f"Path '{path}' holds an empty name, '.' or '..': write the path without them.")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise InvalidParameter(f"Path {path!r} holds a control character.")
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidParameter(f"Path {path!r} is not valid Unicode.") from error
    if length > _MAX_NAME_BYTES:
        raise InvalidParameter(f"A name has at most {_MAX_NAME_BYTES} bytes; '{name[:40]}…' has {length}.")
