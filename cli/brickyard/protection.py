"""A Terraform that looks first: where data is protected, no apply deletes what holds data.

`prevent_destroy` goes with the block that has it: a line taken out of a settings file would delete what it protected.
So cdktf is given this program as its Terraform wherever an environment has `deletion_protection`. Before an apply or a
destroy it plans the same, reads what would be deleted, and only then becomes Terraform.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from brickyard.clone import Clone
from brickyard.errors import WouldDestroy
from brickyard.whole_file import write_whole
from brickyard_stacks.guards.protected_in_prod import STATEFUL
from brickyard_stacks.sandboxes import SANDBOX_VARIABLE
from brickyard_stacks.settings import environment_file, load_environment

OVERRIDE = "BRICKYARD_ALLOW_DESTROY"
_REAL = "BRICKYARD_REAL_TERRAFORM"
_BINARY = "TERRAFORM_BINARY_NAME"
_CHANGING = ("apply", "destroy")
# What `apply` knows and `plan` does not.
_ONLY_APPLY = ("-auto-approve", "-backup", "-state-out", "-input", "-lock=", "-json")
_SCRIPT = '#!/bin/sh\nexec "{python}" -m brickyard.protection "$@"\n'


def protect(clone: Clone, name: str, verb: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that make cdktf start this program as Terraform; none where nothing is protected.

    A sandbox is there to be deleted, and `name` is the environment. Errors: InvalidSettings.
    """
    if verb not in ("deploy", "apply", "destroy") or variables.get(SANDBOX_VARIABLE):
        return {}
    if not load_environment(environment_file(clone.root, {"BRICKYARD_ENV": name})).deletion_protection:
        return {}
    script = clone.state / "bin" / "terraform"
    script.parent.mkdir(parents=True, exist_ok=True)
    write_whole(script, _SCRIPT.format(python=sys.executable), mode=0o700)
    return {_BINARY: str(script), _REAL: variables.get(_BINARY, "terraform")}


def main() -> NoReturn:
    """Become Terraform; exit status 1 with what would be deleted where the plan deletes data."""
    arguments = sys.argv[1:]
    real = os.environ.get(_REAL, "terraform")
    verb = next((argument for argument in arguments if not argument.startswith("-")), "")
    if verb in _CHANGING:
        try:
            refuse_deletions(real, arguments, os.environ.get(OVERRIDE, ""))
        except WouldDestroy as error:
            print(f"brickyard: {error}", file=sys.stderr)
            sys.exit(1)
    os.execvp(real, [real, *arguments])  # noqa: S606 - what cdktf would have started


def refuse_deletions(terraform: str, arguments: Sequence[str], allowed: str) -> None:
    """Plan what `arguments` would apply. `allowed` lists addresses, by commas, that may go.

    Errors: WouldDestroy, also where the plan cannot be made or read.
    """
    may_go = {address.strip() for address in allowed.split(",")} - {""}
    with tempfile.TemporaryDirectory(prefix="brickyard-plan-") as folder:  # for this user only: a plan may hold secrets
        plan, arguments_before = _plan(terraform, arguments, Path(folder))
        shown = json.loads(_run([terraform, *arguments_before, "show", "-json", str(plan)]))
    if lost := [each for each in deletions(shown) if each not in may_go]:
        told = "".join(f"\n  {address}" for address in lost)
        raise WouldDestroy(
            f"this would delete what holds data, in an environment with deletion_protection:{told}\n"
            "Put its settings back. A rename needs a `moved` block, and a `removed` block lets go of it without "
            f"deleting it. To delete it all the same, name it: {OVERRIDE}='{','.join(lost)}'"
        )


def deletions(plan: Mapping[str, Any]) -> list[str]:
    """The addresses of what holds data and would be deleted, or replaced; the plan as `terraform show -json` has it."""
    changes: Iterable[Mapping[str, Any]] = plan.get("resource_changes", ())
    return [
        each["address"] for each in changes if each.get("type") in STATEFUL and "delete" in each["change"]["actions"]
    ]


def _plan(terraform: str, arguments: Sequence[str], folder: Path) -> tuple[Path, list[str]]:
    """The plan's file, made here unless `apply` was given one; and what stands before Terraform's verb."""
    at = next(index for index, argument in enumerate(arguments) if argument in _CHANGING)
    before, verb, after = list(arguments[:at]), arguments[at], arguments[at + 1 :]
    given = [argument for argument in after if not argument.startswith("-")]
    if verb == "apply" and given:
        return Path(given[-1]), before
    options = [argument for argument in after if not argument.startswith(_ONLY_APPLY)]
    destroying = ["-destroy"] if verb == "destroy" else []
    plan = folder / "plan"
    _run([terraform, *before, "plan", *destroying, *options, "-input=false", "-lock=false", f"-out={plan}"])
    return plan, before


def _run(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise WouldDestroy(f"nobody can tell what this would delete, since its plan failed:\n{done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
