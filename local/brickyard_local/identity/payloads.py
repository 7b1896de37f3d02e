"""Bodies of SCIM and token requests."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel, defer_build=True):
    """A SCIM complex value; only `value` counts, the rest is computed on reading."""

    model_config = ConfigDict(extra="allow")

    value: str = ""


class ScimResource(BaseModel, defer_build=True):
    """A user, group or service principal as clients send it. Attributes we do not know are kept."""

    model_config = ConfigDict(extra="allow")

    schemas: list[str] = []
    userName: str | None = None  # noqa: N815 - SCIM's names
    displayName: str | None = None  # noqa: N815
    applicationId: str | None = None  # noqa: N815
    externalId: str | None = None  # noqa: N815
    active: bool = True
    name: dict[str, Any] | None = None
    emails: list[dict[str, Any]] | None = None
    members: list[Value] = []
    entitlements: list[Value] = []
    roles: list[Value] = []


class PatchOperation(BaseModel, defer_build=True):
    """One operation of a SCIM PATCH."""

    op: str
    path: str | None = None
    value: Any = None


class Patch(BaseModel, defer_build=True):
    """A SCIM PATCH."""

    schemas: list[str] = []
    Operations: list[PatchOperation] = Field(min_length=1)


class CreateToken(BaseModel, defer_build=True):
    """A token for the caller."""

    model_config = ConfigDict(extra="forbid")

    comment: str | None = None
    lifetime_seconds: int | None = Field(default=None, ge=0, le=100 * 365 * 24 * 3600)


class CreateOnBehalfOfToken(CreateToken):
    """A token for a service principal, made by an administrator."""

    application_id: str


class ActAs(CreateToken):
    """A token for any user or service principal, made by an administrator of the local account."""

    principal: str


class DeleteToken(BaseModel, defer_build=True):
    """The token to revoke."""

    token_id: str
