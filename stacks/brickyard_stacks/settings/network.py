"""Network choices of serverless work, by reference to what the account has."""

from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.secrets import SecretReference
from brickyard_stacks.settings.strict import Form, Strict, Text, Uuid

IndexUrl = Annotated[
    str,
    Field(pattern=r"^https://[^\s@/?#]+(/[^\s@?#]*)?$", max_length=1024),
    Form("https:// and no user or token in it (those are a secret's)"),
]


class PackageIndex(Strict):
    """A private Python package index for jobs and the builds of served models."""

    url: IndexUrl = Field(description="the index")
    secret: SecretReference | None = Field(default=None, description="where the sign-in lies; the value is never here")


class Network(Strict):
    """By reference: a connectivity configuration (NCC), an egress policy, a package index."""

    connectivity_config_id: Uuid | None = Field(default=None, description="an account's network connectivity config")
    egress_policy_id: Text | None = Field(default=None, description="an account's network policy for serverless egress")
    package_index: PackageIndex | None = Field(default=None, description="a private Python package index")
