"""Where an environment lies: its workspace, and the account above it."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.auth import Auth, ProfileAuth
from brickyard_stacks.settings.strict import Broken, Form, Kebab, Strict, Text, Uuid

_SHARED = re.compile(r"(/Workspace)?/Shared(/.*)?")
FolderPath = Annotated[
    str,
    Field(pattern=r"^/[^/\x00-\x1f]+(/[^/\x00-\x1f]+)*$", max_length=512),
    Form("an absolute path of the workspace, without a slash at its end"),
]


class Workspace(Strict):
    """The workspace an environment deploys to."""

    name: Kebab = Field(description="what people call it")
    id: int | None = Field(
        default=None, gt=0, lt=2**63, description="the workspace's id, a positive whole number, as ?o= shows it"
    )
    account_id: Uuid | None = Field(
        default=None, description="the account above it, where there is no block account: roles on run_as name it"
    )
    folder: FolderPath | None = Field(
        default=None, description="where experiments and files of jobs stand; default: /Brickyard and the prefix"
    )
    auth: Auth = Field(description="how Terraform signs in to it")

    def broken_rules(self) -> Iterable[Broken]:
        """What runs as a principal lies where not everybody may write."""
        if self.folder is not None and _SHARED.fullmatch(self.folder):
            yield Broken(key=("folder",), rule="outside of /Shared: everybody may change what lies there")


class Applier(Strict):
    """Who applies some of the stacks, where it is not who applies the projects'."""

    deployer: Text = Field(description="the principal that applies them: a user name or an application id")
    auth: Auth = Field(description="how it signs in, to the same workspace")

    def broken_rules(self) -> Iterable[Broken]:
        """Who signs in is who the grants name, or the first apply locks it out."""
        client_id = getattr(self.auth, "client_id", None)
        if client_id not in (None, self.deployer):
            rule = f"is not the deployer beside it, {self.deployer}: name one principal"
            yield Broken(key=("auth", "client_id"), rule=rule)


class Platform(Applier):
    """Who applies the platform's stack, where it is not who applies the projects': an administrator."""


class Account(Strict):
    """The Databricks account, for the stack that an account administrator applies; without it there is none."""

    id: Uuid = Field(description="the account's id")
    auth: Auth = Field(description="how its administrator signs in")

    def broken_rules(self) -> Iterable[Broken]:
        """An account answers at an address of its own."""
        if not isinstance(self.auth, ProfileAuth) and not self.auth.host.startswith("https://accounts."):
            rule = "the account's own address, such as https://accounts.cloud.databricks.com"
            yield Broken(key=("auth", "host"), rule=rule)
