"""Sign in to the workspace of an environment as its settings say, with the unmodified databricks-sdk."""

from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from brickyard.clone import Clone
from brickyard.errors import CannotSignIn
from brickyard_stacks.settings import Auth, Environment

# The SDK's own five minutes are long for a host that is not there.
_TIMEOUT_S = 90


def workspace_client(
    clone: Clone, environment: Environment, *, auth: Auth | None = None, timeout_s: int = _TIMEOUT_S
) -> WorkspaceClient:
    """The client that Terraform's provider would use: for the projects' stacks, or by `auth`. Errors: CannotSignIn."""
    arguments = sign_in_arguments(clone.root, auth or environment.workspace.auth)
    return connect(arguments, where=f"environment {environment.name}", timeout_s=timeout_s)


def sign_in_arguments(root: Path, sign_in: Auth) -> dict[str, Any]:
    """The settings' sign-in as arguments of databricks-sdk; a secret is never one of them."""
    auth = sign_in.model_dump(exclude_none=True)
    kind = auth.pop("type")
    if kind != "profile":
        return {**auth, "auth_type": kind}
    if "config_file" in auth:
        auth["config_file"] = str(root / Path(auth["config_file"]).expanduser())
    return auth


def connect(arguments: dict[str, Any], *, where: str, timeout_s: int = _TIMEOUT_S) -> WorkspaceClient:
    """Errors: CannotSignIn, with the way out."""
    try:
        config = Config(**arguments, http_timeout_seconds=timeout_s, retry_timeout_seconds=timeout_s)
        return WorkspaceClient(config=config)
    except ValueError as error:  # the SDK's own word for a sign-in that lacks something
        shown = ", ".join(f"{key}={value}" for key, value in arguments.items()) or "the shell's own variables"
        what = " ".join(str(error).split())
        raise CannotSignIn(
            f"{where}: databricks-sdk cannot sign in with {shown}: {what} "
            "Log in (for example `databricks auth login`), or correct workspace.auth in the environment's file."
        ) from error
