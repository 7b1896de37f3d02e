"""A private index of Python packages.

Databricks reads an index that needs a sign-in from one place only for serverless work: the secret `pip-index-url` in
the scope `databricks-package-management`, which every environment of the workspace then uses without being told.
Clusters take any secret, as an environment variable of pip.
Source: docs.databricks.com/aws/en/admin/workspace-settings/default-python-packages
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.secret_reference import SecretReference

WORKSPACE_DEFAULT = SecretReference(scope="databricks-package-management", key="pip-index-url")
_URL = re.compile(r"https://[^\s@/?#]+(/[^\s@?#]*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageIndex:
    """The index's address. Where it needs a sign-in, `secret` holds the whole address with the sign-in in it."""

    url: str
    secret: SecretReference | None = None

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url):
            shown = re.sub(r"//[^/]*@", "//…@", self.url)  # what is refused may be a password
            raise InvalidProps("url", shown, rule="https:// and no user, token or query in it; those are a secret's")

    @property
    def pip_lines(self) -> tuple[str, ...]:
        """Lines for a serverless environment. Errors: InvalidProps for a secret that such environments cannot read."""
        if self.secret is None:
            return (f"--index-url {self.url}",)
        if self.secret == WORKSPACE_DEFAULT:
            return ()
        where = f"{WORKSPACE_DEFAULT.scope}/{WORKSPACE_DEFAULT.key}"
        rule = f"serverless environments read an index with a sign-in from the secret {where} only; put it there"
        raise InvalidProps("secret", f"{self.secret.scope}/{self.secret.key}", rule=rule)

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables for a cluster."""
        return {"PIP_INDEX_URL": self.url if self.secret is None else self.secret.reference}
