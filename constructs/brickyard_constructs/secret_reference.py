"""Where a secret lies. Its value never passes through Terraform, a file of ours, or a plan."""

import re
from dataclasses import dataclass

from brickyard_constructs.errors import InvalidProps

# Source: docs.databricks.com/api/workspace/secrets/createscope and …/putsecret
_NAME = re.compile(r"[A-Za-z0-9_@.-]{1,128}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReference:
    """A scope, and a key in it."""

    scope: str
    key: str

    def __post_init__(self) -> None:
        for prop in ("scope", "key"):
            if not _NAME.fullmatch(getattr(self, prop)):
                raise InvalidProps(prop, getattr(self, prop), rule="1 to 128 letters, digits and _ - @ .")

    @property
    def reference(self) -> str:
        """As clusters and served models take it; Databricks puts the value in when a process starts."""
        return f"{{{{secrets/{self.scope}/{self.key}}}}}"
