"""Make, list and remove sandboxes. What is in them is Terraform's: removing one is destroying its stacks."""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from databricks.sdk import WorkspaceClient

from brickyard.clone import Clone
from brickyard.errors import CannotRemove, NotConfirmed, SandboxTaken, UnknownSandbox
from brickyard.removal import remove as remove_folders
from brickyard.sandbox.found import FoundSandbox, find_sandboxes
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard.terraform import Synthesised, synthesise
from brickyard_local.account import write_private
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.sandboxes import SANDBOX_VARIABLE
from brickyard_stacks.settings import (
    Environment,
    Project,
    environment_file,
    load_environment,
    load_project,
    project_files,
)
from brickyard_stacks.settings.sandbox import SANDBOX_STAGES, SandboxRecord, sandbox_file, sandbox_text

EXPIRED = 2


class Sandboxes:
    """The sandboxes of one environment: settings, projects, and the workspace they are in."""

    def __init__(self, clone: Clone, environment: str) -> None:
        self.clone = clone
        self.environment: Environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment}))
        if self.environment.stage not in SANDBOX_STAGES:
            raise UnknownSandbox(
                f"{environment} has the stage {self.environment.stage}; sandboxes are for the stages local and dev."
            )
        self.projects: list[Project] = [load_project(path) for path in project_files(clone.root)]
        self.client: WorkspaceClient = workspace_client(clone, self.environment)

    def found(self) -> tuple[FoundSandbox, ...]:
        """As the workspace shows them now."""
        return find_sandboxes(self.client, self.environment, self.projects)

    def named(self, name: str) -> FoundSandbox | None:
        """One of them."""
        return next((sandbox for sandbox in self.found() if sandbox.name == name), None)


def new(sandboxes: Sandboxes, screen: Screen, *, name: str, days: int) -> None:
    """Write the record of a sandbox, or of a new last day. Errors: SandboxTaken, InvalidSettings."""
    me = str(sandboxes.client.current_user.me().user_name)
    there = sandboxes.named(name)
    if there is not None and there.owner not in (None, me):
        raise SandboxTaken(f"The sandbox '{name}' is {there.owner}'s. Take another name: `--name …`.")
    expires = _today() + timedelta(days=days)
    _write_record(sandboxes, name=name, owner=me, expires=expires)
    environment = sandboxes.environment.name
    screen.line(f"Sandbox '{name}' of {environment}, {me}'s, until {expires.isoformat()}. Its stacks:")
    for project in sandboxes.projects:
        for stack in ProjectNames.of(sandboxes.environment, project, sandbox=name).stacks[:2]:
            screen.line(f"  {stack}")
    command = f"BRICKYARD_ENV={environment} {SANDBOX_VARIABLE}={name} pipenv run cdktf deploy '*'"
    screen.line(f"Deploy it: {command}")
    screen.line(
        f"Another {days} days: the same command again. Remove it: brickyard sandbox remove {environment} {name}"
    )


def show(sandboxes: Sandboxes, screen: Screen, *, as_json: bool) -> int:
    """List them with owner, last day and what exists."""
    found, today = sandboxes.found(), _today()
    if as_json:
        print(json.dumps([_facts(sandbox, today) for sandbox in found], indent=2))
        return 0
    for sandbox in found:
        _show_one(sandbox, screen, today)
    if not found:
        screen.line(f"{sandboxes.environment.name} has no sandbox that you can see.")
    return 0


def expired(sandboxes: Sandboxes, screen: Screen, *, remove_them: bool, yes: bool) -> int:
    """Report those whose last day is over, or remove them. Returns 2 while there are some."""
    today = _today()
    over = [sandbox for sandbox in sandboxes.found() if sandbox.expired(today)]
    for sandbox in over:
        _show_one(sandbox, screen, today)
        if remove_them:
            remove(sandboxes, screen, name=sandbox.name, yes=yes)
    screen.line(f"{len(over)} expired.")
    return EXPIRED if over and not remove_them else 0


def remove(sandboxes: Sandboxes, screen: Screen, *, name: str, yes: bool, whose: str | None = None) -> None:
    """Destroy a sandbox's stacks by Terraform, then look whether something stayed.

    Errors: UnknownSandbox, SandboxTaken, NotConfirmed, DeployFailed, CannotRemove.
    """
    found, file = sandboxes.named(name), sandbox_file(sandboxes.clone.root, sandboxes.environment.name, name)
    if found is None and not file.exists():
        there = ", ".join(sandbox.name for sandbox in sandboxes.found()) or "none"
        raise UnknownSandbox(f"{sandboxes.environment.name} has no sandbox '{name}'. There: {there}.")
    _refuse_somebody_elses(sandboxes, found, whose)
    _confirm(name, found, yes=yes)
    if not file.exists():  # somebody else's, or another clone's: the workspace says whose
        _write_record(sandboxes, name=name, owner=_owner(sandboxes, found), expires=_last_day(found))
    folder = sandboxes.clone.state / "sandbox" / name
    with screen.step(f"Destroy the sandbox {name}") as step:
        synthesised = synthesise(sandboxes.clone, sandboxes.environment.name, folder, **{SANDBOX_VARIABLE: name})
        for project in reversed(sandboxes.projects):
            stacks = ProjectNames.of(sandboxes.environment, project, sandbox=name).stacks
            _destroy(synthesised, [stack for stack in reversed(stacks) if stack in synthesised.stacks], step.say)
    left = sandboxes.named(name)
    if left is not None:
        things = ", ".join(f"{thing.kind} {thing.name}" for thing in left.things)
        raise CannotRemove(
            f"Terraform destroyed what its state holds; these are still there: {things}. Was it deployed with another "
            f"state ({sandboxes.environment.state.backend})? Destroy it from there, or delete these by hand."
        )
    remove_folders([folder])
    file.unlink(missing_ok=True)


def _destroy(synthesised: Synthesised, stacks: list[str], say: Any) -> None:
    for stack in stacks:
        say(stack)
        synthesised.terraform(stack, "init", "-input=false")
        synthesised.terraform(stack, "destroy", "-input=false", "-auto-approve")


def _refuse_somebody_elses(sandboxes: Sandboxes, found: FoundSandbox | None, whose: str | None) -> None:
    """Whoever may write in dev may delete others' files there: only what is over, or named as theirs, is removed."""
    if found is None or found.owner is None or found.expired(_today()):
        return
    if found.owner not in (whose, str(sandboxes.client.current_user.me().user_name)):
        until = f"until {found.expires}" if found.expires else "without a last day"
        raise SandboxTaken(
            f"The sandbox '{found.name}' is {found.owner}'s, {until}. Ask its owner to remove it, or name the owner: "
            f"`--of {found.owner}`."
        )


def _confirm(name: str, found: FoundSandbox | None, *, yes: bool) -> None:
    if yes:
        return
    things = ", ".join(f"{thing.kind} {thing.name}" for thing in found.things) if found else "nothing that is seen"
    said = f"Removing the sandbox '{name}' deletes {things}, with the data in it."
    if not sys.stdin.isatty():
        raise NotConfirmed(f"{said} Nobody is there to ask: add --yes.")
    if input(f"{said} Type its name to go on: ") != name:
        raise NotConfirmed("Nothing was removed: that was not its name.")


def _write_record(sandboxes: Sandboxes, *, name: str, owner: str, expires: date) -> None:
    try:
        record = SandboxRecord(name=name, owner=owner, expires=expires)
    except ValueError as error:
        raise UnknownSandbox(f"'{name}' is no name of a sandbox: lower-case letters, digits, single dashes.") from error
    file = sandbox_file(sandboxes.clone.root, sandboxes.environment.name, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, sandbox_text(record))


def _owner(sandboxes: Sandboxes, found: FoundSandbox | None) -> str:
    owner = found.owner if found else None
    return owner or str(sandboxes.client.current_user.me().user_name)


def _last_day(found: FoundSandbox | None) -> date:
    return (found.expires if found else None) or _today()


def _facts(sandbox: FoundSandbox, today: date) -> dict[str, Any]:
    return {
        "name": sandbox.name,
        "owner": sandbox.owner,
        "expires": sandbox.expires.isoformat() if sandbox.expires else None,
        "expired": sandbox.expired(today),
        "objects": [f"{thing.kind} {thing.name}" for thing in sandbox.things],
    }


def _show_one(sandbox: FoundSandbox, screen: Screen, today: date) -> None:
    until = f"until {sandbox.expires}" if sandbox.expires else "last day unknown"
    over = " EXPIRED" if sandbox.expired(today) else ""
    screen.console.print(f"{sandbox.name}  {sandbox.owner or 'owner unknown'}  {until}{over}", markup=False)
    for thing in sandbox.things:
        screen.console.print(f"  {thing.kind} {thing.name}", markup=False)


def _today() -> date:
    return datetime.now(UTC).date()
