"""Checks on props, made before synthesis. What only Terraform will know is let through."""

import re
from collections.abc import Sized

from cdktf import Token

from brickyard_constructs.errors import InvalidProps

# Source: docs.databricks.com, SQL reference, "Names": objects of Unity Catalog.
_OBJECT_NAME = re.compile(r"[^./\x00-\x20\x7f]{1,255}")
# Source: docs.databricks.com, REST API, "Create a new serving endpoint": name.
_ENDPOINT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def known(value: str | float) -> bool:
    """Whether a value is plain at synthesis, rather than a reference that Terraform resolves.

    References in texts, cdktf's own and those written by hand, all contain `${`; asking cdktf costs a call to Node.
    """
    return "${" not in value if isinstance(value, str) else not Token.is_unresolved(value)


def check_object_name(prop: str, value: str) -> None:
    """One part of a Unity Catalog name: no dots, slashes, spaces or control characters."""
    if known(value) and not _OBJECT_NAME.fullmatch(value):
        raise InvalidProps(prop, value, rule="a Unity Catalog name has 1 to 255 characters, none of . / or space")


def check_endpoint_name(prop: str, value: str) -> None:
    """The name of a serving endpoint."""
    if known(value) and not _ENDPOINT_NAME.fullmatch(value):
        raise InvalidProps(prop, value, rule="an endpoint's name has 1 to 63 letters, digits, - and _")


def check_workspace_path(prop: str, value: str) -> None:
    """An absolute path in the workspace."""
    if known(value) and (not value.startswith("/") or value.endswith("/") or "//" in value):
        raise InvalidProps(prop, value, rule="a workspace path starts with /, ends with a name, and has no empty part")


def check_not_empty(prop: str, value: Sized) -> None:
    """Something must be there; a reference counts."""
    if not value:
        raise InvalidProps(prop, value, rule="must not be empty")


def check_at_least(prop: str, value: int, minimum: int) -> None:
    """A number with a floor."""
    if known(value) and value < minimum:
        raise InvalidProps(prop, value, rule=f"must be at least {minimum}")
