"""Checks on props, made before synthesis. What only Terraform will know is let through."""

import re
from collections.abc import Collection, Iterable, Sized

from brickyard_constructs.errors import InvalidProps

# Source: docs.databricks.com, SQL reference, "Names": objects of Unity Catalog.
_OBJECT_NAME = re.compile(r"[^./\x00-\x20\x7f]{1,255}")
# Source: docs.databricks.com, REST API, "Create a new serving endpoint": name.
_ENDPOINT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Source: the provider's documentation of databricks_external_location: url; one pattern for each cloud.
_STORAGE_URLS = {
    "s3": re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s?#]*)?"),
    "abfss": re.compile(r"abfss://[a-z0-9-]{3,63}@[a-z0-9]{3,24}\.dfs\.core\.[a-z.]+(/[^\s?#]*)?"),
    "gs": re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\s?#]*)?"),
}


# Source: cdktf 0.21, tokens/private/encoding: -1.888…e+289 and the token's number in its last bits.
_LEAST_NUMBER_TOKEN = 1e280


def known(value: str | float) -> bool:
    """Whether a value is plain at synthesis, rather than a reference that Terraform resolves.

    References in texts, cdktf's own and those written by hand, all contain `${`. cdktf writes a reference to a number
    as a float beyond all that anybody means. Asking cdktf itself costs a call to Node, of which a check makes many.
    """
    if isinstance(value, str):
        return "${" not in value
    return isinstance(value, int) or abs(value) < _LEAST_NUMBER_TOKEN


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


def check_storage_url(prop: str, value: str, *, scheme: str | None = None) -> None:
    """A place in a cloud's object store; with `scheme`, in that cloud's. No part of it leads upwards."""
    allowed = [scheme] if scheme else list(_STORAGE_URLS)
    if not known(value):
        return
    if not any(_STORAGE_URLS[name].fullmatch(value) for name in allowed):
        places = "s3://bucket/…, abfss://container@account.dfs.core.windows.net/… or gs://bucket/…"
        raise InvalidProps(prop, value, rule=f"a place of {' or '.join(allowed)} among {places}")
    if {".", ".."} & set(value.split("/")):
        raise InvalidProps(prop, value, rule="no part of the path is . or ..")


def check_not_empty(prop: str, value: Sized) -> None:
    """Something must be there; a reference counts."""
    if not value:
        raise InvalidProps(prop, value, rule="must not be empty")


def check_at_least(prop: str, value: int, minimum: int) -> None:
    """A number with a floor."""
    if known(value) and value < minimum:
        raise InvalidProps(prop, value, rule=f"must be at least {minimum}")


def check_one_of(prop: str, value: str, allowed: Collection[str]) -> None:
    """One word of a list."""
    if known(value) and value not in allowed:
        raise InvalidProps(prop, value, rule=f"one of {', '.join(allowed)}")


def check_between(prop: str, value: float, minimum: float, maximum: float) -> None:
    """A number with a floor and a ceiling, both included."""
    if known(value) and not minimum <= value <= maximum:
        raise InvalidProps(prop, value, rule=f"from {minimum:g} to {maximum:g}")


def check_full_name(prop: str, value: str) -> None:
    """A three-level name of Unity Catalog, each part as `check_object_name` wants it."""
    parts = value.split(".")
    if known(value) and not (len(parts) == 3 and all(_OBJECT_NAME.fullmatch(part) for part in parts)):
        raise InvalidProps(prop, value, rule="a three-level name: catalog.schema.name")


def check_each_once(prop: str, values: Iterable[str]) -> None:
    """No value stands twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InvalidProps(prop, value, rule="each stands once")
        seen.add(value)


def check_emails(prop: str, values: Iterable[str]) -> None:
    """Addresses, so that a group's name does not slip in: Databricks would drop it silently."""
    for value in values:
        if known(value) and not _EMAIL.fullmatch(value):
            raise InvalidProps(prop, value, rule="an e-mail address")
