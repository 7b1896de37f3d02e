"""Say every call, then make them, one after the other; what is there already is left as it is."""

import sys
from collections.abc import Iterable

from databricks.sdk.errors.base import DatabricksError

from brickyard.bootstrap.identities import Trust, identities
from brickyard.bootstrap.run_as import run_as_roles
from brickyard.bootstrap.state_store import state_store
from brickyard.bootstrap.step import Step
from brickyard.bootstrap.system_tables import system_tables
from brickyard.clone import Clone
from brickyard.errors import CannotBootstrap, NotConfirmed, in_one_line
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard_stacks.settings import environment_file, load_environment, load_project, project_files

# Something is left that only a person can do.
BY_HAND = 1


def bootstrap(clone: Clone, screen: Screen, environment: str, *, trust: Trust, dry_run: bool, yes: bool) -> int:
    """Make what is missing. Returns 0, or 1 while something is left to do by hand or by this command.

    Errors: CannotBootstrap, CannotSignIn, NotConfirmed, InvalidSettings.
    """
    settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment}))
    projects = [load_project(path) for path in project_files(clone.root)]
    client = workspace_client(clone, settings, auth=settings.platform_auth)
    try:
        steps = [
            *state_store(settings),
            *identities(client, settings, trust),
            *run_as_roles(client, settings),
            *system_tables(client, settings, projects),
        ]
    except DatabricksError as error:
        raise CannotBootstrap(f"Databricks refuses to say what is there: {in_one_line(error)}") from error
    _show(steps, screen)
    to_do = [step for step in steps if step.open]
    left = any(step.by_hand for step in steps)
    if dry_run:
        return BY_HAND if left or to_do else 0
    if to_do:
        _confirm(len(to_do), yes=yes)
        _make(to_do, screen)
    return BY_HAND if left else 0


def _make(steps: Iterable[Step], screen: Screen) -> None:
    for step in steps:
        with screen.step(step.what) as shown:
            shown.done(_called(step))


def _called(step: Step) -> str:
    if step.make is None:
        return ""
    try:
        return step.make()
    except CannotBootstrap:
        raise
    except Exception as error:  # boto3's and Databricks' own kinds share no base
        raise CannotBootstrap(
            f"{step.call} failed: {in_one_line(error)} What was made before stays; the same command goes on from here."
        ) from error


def _show(steps: Iterable[Step], screen: Screen) -> None:
    for step in steps:
        state = "is there" if step.done else "by hand:" if step.by_hand else "missing:"
        call = "" if step.done else f" {step.call}"
        screen.console.print(f"  {step.what}: {state}{call}", markup=False, soft_wrap=True)


def _confirm(count: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed(f"{count} calls would be made. Nobody is there to ask: add --yes, or --dry-run.")
    if input(f"Make these {count} calls? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise NotConfirmed("Nothing was made.")
