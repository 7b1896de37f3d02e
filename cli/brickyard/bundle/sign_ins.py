"""One saved plan, two identities: who only reads plans it, and who may write applies it.

A saved plan keeps the configuration of its providers. So before it is planned, each provider's sign-in is put into
ephemeral variables: Terraform leaves those out of the plan and asks for them again when it applies.
Source: developer.hashicorp.com/terraform/language/values/variables#ephemeral
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from brickyard.errors import CannotPlan
from brickyard.sign_in import sign_in_arguments
from brickyard.whole_file import write_whole
from brickyard_stacks.settings import Auth, Environment

_ALSO = {"account_id"}  # of the account's provider: not who signs in


def take_out(stack: Path, environment: Environment, root: Path) -> list[str]:
    """Rewrite what was synthesised for a stack; returns as whom its providers sign in. Errors: CannotPlan."""
    file = stack / "cdk.tf.json"
    document: dict[str, Any] = json.loads(file.read_text())
    owners = []
    for provider in document.get("provider", {}).get("databricks", ()):
        owner = _owner(provider, environment, root, stack.name)
        for key, name in _names(sign_in_of(environment, owner, root), owner):
            provider[key] = f"${{var.{name}}}"
            document.setdefault("variable", {})[name] = {"type": "string", "ephemeral": True}
        owners.append(owner)
    write_whole(file, json.dumps(document, indent=2))
    return sorted(set(owners))


def variables_of(environment: Environment, owners: list[str], root: Path) -> dict[str, str]:
    """What Terraform is given for these sign-ins, by its own environment variables; none of it is secret."""
    found: dict[str, str] = {}
    for owner in owners:
        arguments = sign_in_of(environment, owner, root)
        found |= {f"TF_VAR_{name}": str(arguments[key]) for key, name in _names(arguments, owner)}
    return found


def sign_in_of(environment: Environment, owner: str, root: Path) -> dict[str, Any]:
    """The provider's arguments. Errors: CannotPlan, for an owner that these settings do not have."""
    auth = _auths(environment).get(owner)
    if auth is None:
        raise CannotPlan(f"environments/{environment.name}.yaml says nobody who signs in as '{owner}'. Plan again.")
    return sign_in_arguments(root, auth)


def _auths(environment: Environment) -> dict[str, Auth]:
    """Whose sign-ins the settings hold."""
    found: dict[str, Auth] = {"workspace": environment.workspace.auth}
    if environment.platform is not None:
        found["platform"] = environment.platform.auth
    if environment.account is not None:
        found["account"] = environment.account.auth
    return found


def _owner(provider: Mapping[str, Any], environment: Environment, root: Path, stack: str) -> str:
    """Whose sign-in this is: a stack of the account differs from one of the workspace in its host, for example."""
    given = {key: value for key, value in provider.items() if key not in {*_ALSO, "alias"}}
    for owner in _auths(environment):
        if given == sign_in_of(environment, owner, root):
            return owner
    by = ", ".join(sorted(given)) or "nothing"
    raise CannotPlan(
        f"{stack} signs in by {by} in a way that environments/{environment.name}.yaml does not say, so that nobody "
        "else could apply its plan. A stack's provider takes workspace.auth, platform.auth, account.auth or one of "
        "deployers."
    )


def _names(arguments: Mapping[str, Any], owner: str) -> Iterator[tuple[str, str]]:
    return ((key, f"brickyard_{owner}_{key}") for key in sorted(arguments))
