"""`brickyard down`: destroy `local` by Terraform, stop everything, leave nothing behind."""

import os

from brickyard.cdktf import run_cdktf
from brickyard.clone import Clone
from brickyard.environment import names_of
from brickyard.lock import only_one
from brickyard.provider import choose_provider, remember_settings
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard_local import process
from brickyard_local.account import WorkspaceSpec


def down(clone: Clone, screen: Screen, *, force: bool) -> None:
    """Destroy the stacks, then remove the workspace and its state; tools and caches stay.

    Args:
        clone: where.
        screen: what is shown.
        force: remove the workspace and the state even when Terraform cannot destroy them.
    """
    with only_one(clone, "down"):
        if any(clone.terraform_state.glob("*.tfstate")) and not force:
            _destroy(clone, screen)
        with screen.step("Stop the local workspace") as step:
            step.done("" if process.stop(clone.home) else "it was not running")
        with screen.step("Remove its state") as step:
            remove(
                (
                    clone.home.root,
                    clone.terraform_state,
                    clone.terraform,
                    clone.root / "cdktf.out",
                    clone.logs,
                )
            )
            (clone.state / "local.settings.json").unlink(missing_ok=True)
            step.done("tools and caches stay; `make clean` removes those")


def _destroy(clone: Clone, screen: Screen) -> None:
    names = names_of(clone, "local")
    os.environ["BRICKYARD_ENV"] = names.shared.environment
    with screen.step("Local workspace"):
        process.start(clone.home, (WorkspaceSpec(name="local"),))
        remember_settings(clone, choose_provider(clone, None))
    deployed = [stack for stack in names.stacks if (clone.terraform_state / f"{stack}.tfstate").exists()]
    for stack in reversed(deployed):
        with screen.step(f"Destroy {stack}") as step:
            flags = ["--auto-approve", "--ignore-missing-stack-dependencies"]
            step.done(run_cdktf(clone, ["destroy", stack, *flags], step.say))
