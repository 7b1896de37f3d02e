"""The content of databricks_file and databricks_workspace_file: a local file, or base64 in the configuration."""

import base64
import binascii
import hashlib
import posixpath
from pathlib import Path

from brickyard_local.provider.engine.behaviour import Check, OneOf
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import State
from brickyard_local.provider.wire.values import Value

CHANGED = "different"
"""The default of `md5`: it differs from every hash, so a changed content is an update."""
CONTENT_RULES = (OneOf(names=("content_base64", "source")),)


def content_of(state: State) -> bytes:
    """The bytes to upload. Errors: InvalidValue."""
    encoded, source = state.get("content_base64"), state.get("source")
    if isinstance(encoded, str) and encoded:
        return base64.b64decode(encoded)
    if not isinstance(source, str) or not source:
        raise InvalidValue("There is no content to upload", "Set `source` or `content_base64`.")
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise InvalidValue(f"Cannot read {source}", str(error)) from error


def md5_of(content: bytes) -> str:
    """The hash Terraform remembers a content by; it protects nothing."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def plan_md5(prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
    """Keep the recorded hash while the content has it: `source` names a file Terraform does not look into."""
    if prior is None or prior.get("md5") is None:
        return planned
    try:
        current = md5_of(content_of(planned))
    except InvalidValue:  # known after apply, or made by another resource
        current = CHANGED
    return {**planned, "md5": current if current == prior["md5"] else CHANGED}


def _is_base64(value: Value) -> str | None:
    try:
        base64.b64decode(str(value), validate=True)
    except binascii.Error:
        return "expected base64"
    return None


def _exists(value: Value) -> str | None:
    return None if Path(str(value)).exists() else f"file {value} does not exist"


def _is_clean(value: Value) -> str | None:
    path = str(value)
    if not path:
        return "must not be empty"
    if path.startswith("Volume"):
        return f"expected a path which starts with /Volumes, got {path}"
    if path.startswith("dbfs:"):
        return f"expected a path without dbfs:, got {path}"
    if posixpath.normpath(path) != path:
        return f"expected {posixpath.normpath(path)}, got {path}"
    return None


CONTENT_CHECKS: dict[str, Check] = {"content_base64": _is_base64, "path": _is_clean, "source": _exists}
