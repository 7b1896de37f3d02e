"""What every stack of an environment has: the provider, its versions, the state, and the tags."""

from pathlib import Path
from typing import Any

from cdktf import TerraformStack
from cdktf_cdktf_provider_databricks.provider import DatabricksProvider
from constructs import Construct

from brickyard_stacks.imports import add_imports
from brickyard_stacks.settings import Auth, Environment
from brickyard_stacks.settings.auth import ProfileAuth
from brickyard_stacks.state import keep_state


class EnvironmentStack(TerraformStack):
    """A stack that deploys to one environment's workspace.

    The bindings pin the provider's version they were generated from; an environment says which versions it
    accepts, so that a fix in the provider needs no new bindings.
    """

    def __init__(self, scope: Construct, name: str, *, environment: Environment, root: Path) -> None:
        """`root` is the clone: relative paths of the settings begin there."""
        super().__init__(scope, name)
        self.name = name
        self.environment = environment
        DatabricksProvider(self, "databricks", **self.sign_in(root))
        self.add_override("terraform.required_providers.databricks.version", environment.provider.version)
        keep_state(self, name, environment, root=root)
        add_imports(self, name=name, environment=environment.name, root=root)

    def sign_in(self, root: Path) -> dict[str, Any]:
        """The provider's arguments."""
        return provider_arguments(self.environment.workspace.auth, root)

    def tags(self, **more: str) -> dict[str, str]:
        """The environment's tags, and which environment it is."""
        return {**self.environment.tags, "environment": self.environment.name, "managed_by": "brickyard", **more}


def provider_arguments(auth: Auth, root: Path) -> dict[str, Any]:
    """How the provider signs in; a secret is never one of its arguments.

    Where no profile says it, the auth_type is named: a provider left to detect one once took GitHub's by itself
    (provider issue 3923).
    """
    if isinstance(auth, ProfileAuth):
        file = {"config_file": str(root / Path(auth.config_file).expanduser())} if auth.config_file else {}
        return {"profile": auth.profile, **file}
    return {"auth_type": auth.type, **auth.model_dump(exclude={"type"})}
