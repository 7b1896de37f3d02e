"""Network choices of serverless work, by reference to what the account has."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.secrets import SecretReference
from brickyard_stacks.settings.strict import Broken, Form, Strict, Text, Uuid

WORKSPACE_DEFAULT = ("databricks-package-management", "pip-index-url")

IndexUrl = Annotated[
    str,
    Field(pattern=r"^https://[^\s@/?#]+(/[^\s@?#]*)?$", max_length=1024),
    Form("https:// and no user or token in it (those are a secret's)"),
]


HostName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$", max_length=255),
    Form("a host's name in lower case, with its port where that is not 443"),
]


class PackageIndex(Strict):
    """A private Python package index for jobs and the builds of served models.

    Builds of served models read the workspace's default only, which is the secret: without it, a model has to name
    the index in its own requirements.
    Source: docs.databricks.com/aws/en/machine-learning/model-serving/private-libraries-model-serving;
    docs.databricks.com/aws/en/admin/workspace-settings/default-python-packages
    """

    url: IndexUrl = Field(description="the index")
    secret: SecretReference | None = Field(
        default=None, description="where the address with its sign-in lies; the value is never here"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """Serverless work and the builds of served models read an index with a sign-in from one place."""
        if self.secret is not None and (self.secret.scope, self.secret.key) != WORKSPACE_DEFAULT:
            rule = "must be the scope databricks-package-management and the key pip-index-url, which Databricks reads"
            yield Broken(key=("secret",), rule=f"{rule} for serverless work, clusters and builds of served models")


class Network(Strict):
    """By reference: a connectivity configuration (NCC), an egress policy, a package index; hosts of base models."""

    connectivity_config_id: Uuid | None = Field(default=None, description="an account's network connectivity config")
    egress_policy_id: Text | None = Field(default=None, description="an account's network policy for serverless egress")
    package_index: PackageIndex | None = Field(default=None, description="a private Python package index")
    model_hosts: Annotated[tuple[HostName, ...], Field(strict=False)] = Field(
        default=(), description="hosts that base models of language models may be brought from, by https; default: none"
    )
