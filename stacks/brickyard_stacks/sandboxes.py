"""Which personal sandbox is deployed: BRICKYARD_SANDBOX names it, a record in this clone says whose it is.

The record lies outside of git, in `.brickyard/sandboxes/<environment>/<name>.yaml`: its last day must not move with
every plan, and nobody else's clone needs it. `brickyard sandbox new` writes it.
"""

from collections.abc import Mapping
from pathlib import Path

from brickyard_stacks.deployment import Sandbox
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.sandbox import SANDBOX_STAGES, SandboxRecord, load_sandbox, sandbox_file

__all__ = ["SANDBOX_VARIABLE", "SandboxRecord", "read_sandbox", "sandbox_file"]

SANDBOX_VARIABLE = "BRICKYARD_SANDBOX"


def read_sandbox(root: Path, environment: Environment, variables: Mapping[str, str]) -> Sandbox | None:
    """The sandbox that BRICKYARD_SANDBOX names, or None. Errors: CannotBuildStacks, InvalidSettings."""
    name = variables.get(SANDBOX_VARIABLE, "")
    if not name:
        return None
    if environment.stage not in SANDBOX_STAGES:
        raise CannotBuildStacks(
            f"{SANDBOX_VARIABLE} is {name!r}, and {environment.name} has the stage {environment.stage}: sandboxes "
            "are for the stages local and dev; unset it"
        )
    file = sandbox_file(root, environment.name, name)
    if not file.exists():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.yaml"))) or "none"
        raise CannotBuildStacks(
            f"{SANDBOX_VARIABLE} is {name!r}, and this clone has no such sandbox of {environment.name} (it has: "
            f"{there}); make it: `brickyard sandbox new {environment.name} --name {name}`"
        )
    record = load_sandbox(file)
    return Sandbox(name=record.name, owner=record.owner, expires=record.expires)
