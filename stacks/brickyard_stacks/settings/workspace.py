"""Where an environment lies: its workspace, and the account above it."""

from collections.abc import Iterable

from pydantic import Field

from brickyard_stacks.settings.auth import Auth, ProfileAuth
from brickyard_stacks.settings.strict import Broken, Kebab, Strict, Uuid


class Workspace(Strict):
    """The workspace an environment deploys to."""

    name: Kebab = Field(description="what people call it")
    id: int | None = Field(
        default=None, gt=0, lt=2**63, description="the workspace's id, a positive whole number, as ?o= shows it"
    )
    auth: Auth = Field(description="how Terraform signs in to it")


class Account(Strict):
    """The Databricks account, for the stack that an account administrator applies; without it there is none."""

    id: Uuid = Field(description="the account's id")
    auth: Auth = Field(description="how its administrator signs in")

    def broken_rules(self) -> Iterable[Broken]:
        """An account answers at an address of its own."""
        if not isinstance(self.auth, ProfileAuth) and not self.auth.host.startswith("https://accounts."):
            rule = "the account's own address, such as https://accounts.cloud.databricks.com"
            yield Broken(key=("auth", "host"), rule=rule)
