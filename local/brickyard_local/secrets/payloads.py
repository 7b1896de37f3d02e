"""Bodies of /api/2.0/secrets. Values are never shown in a representation.

Source: docs.databricks.com/api/workspace/secrets
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Body(BaseModel, defer_build=True):
    model_config = ConfigDict(extra="forbid")


class CreateScope(_Body):
    """A scope; without a backend type it is Databricks' own."""

    scope: str
    initial_manage_principal: str | None = None
    scope_backend_type: str | None = None
    backend_azure_keyvault: dict[str, Any] | None = None


class Scope(_Body):
    """Names a scope."""

    scope: str


class PutSecret(_Body):
    """A value as text, or as base64 of bytes."""

    scope: str
    key: str
    string_value: SecretStr | None = Field(default=None, repr=False)
    bytes_value: SecretStr | None = Field(default=None, repr=False)


class Secret(_Body):
    """Names a secret."""

    scope: str
    key: str


class PutAcl(_Body):
    """A principal's permission on a scope."""

    scope: str
    principal: str
    permission: str


class Acl(_Body):
    """Names a principal on a scope."""

    scope: str
    principal: str
