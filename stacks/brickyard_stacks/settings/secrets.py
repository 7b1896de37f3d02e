"""Secret scopes: who may read and write. A value never stands in a settings file.

Source: docs.databricks.com/api/workspace/secrets/createscope (names of scopes and keys)
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.ownership import Owned
from brickyard_stacks.settings.principals import Role
from brickyard_stacks.settings.strict import Broken, Form, Strict

ScopeName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_@.-]{1,128}$"), Form("letters, digits and _ - @ . , at most 128 long")
]
Roles = Annotated[tuple[Role, ...], Field(strict=False)]


class SecretReference(Strict):
    """Where a secret lies: a scope and a key in it."""

    scope: ScopeName = Field(description="the scope")
    key: ScopeName = Field(description="the key in it")


class Scope(Owned):
    """A secret scope; its id is its name."""

    readers: Roles = Field(default=(), description="roles that may read its secrets")
    writers: Roles = Field(default=(), description="roles that may write its secrets, and so read them")

    def broken_rules(self) -> Iterable[Broken]:
        """The ACLs of a scope that is only referenced are its owner's."""
        yield from super().broken_rules()
        for key in ("readers", "writers"):
            if getattr(self, key) and self.ownership == "reference":
                yield Broken(key=(key,), rule="who owns the scope decides: only for what we create or adopt")


class Secrets(Strict):
    """The environment's secret scopes."""

    scopes: dict[ScopeName, Scope] = Field(default={}, description="secret scopes by name")
