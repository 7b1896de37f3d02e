"""The account stack: what needs an account administrator, and changes once in a long while."""

from pathlib import Path
from typing import Any

from constructs import Construct

from brickyard_stacks.base import EnvironmentStack, provider_arguments
from brickyard_stacks.identities import made_identities
from brickyard_stacks.names import EnvironmentNames
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.workspace import Account


class AccountStack(EnvironmentStack):
    """Groups and service principals that the settings say to make or adopt.

    Creates: databricks_group, databricks_service_principal.
    """

    def __init__(self, scope: Construct, environment: Environment, account: Account, *, root: Path) -> None:
        self._account = account
        names = EnvironmentNames.of(environment)
        super().__init__(scope, names.account_stack, environment=environment, root=root)
        made_identities(Construct(self, "iam"), environment)

    def sign_in(self, root: Path) -> dict[str, Any]:
        """The account's own address; workspaces are reached through it by nobody else."""
        return {**provider_arguments(self._account.auth, root), "account_id": self._account.id}
