"""`brickyard local`: the local workspace by itself, without a deployment."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from brickyard.clone import Clone
from brickyard.errors import InvalidWorkspace, NotConfirmed
from brickyard.lock import only_one
from brickyard.ports import FIRST, LAST, is_port
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard_local import process
from brickyard_local.account import WorkspaceSpec

_SUFFIX = ".tar.gz"
_TERRAFORM = "terraform"
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,62}$", re.ASCII)


def up(clone: Clone, screen: Screen, specs: tuple[WorkspaceSpec, ...]) -> None:
    """Start the account with these workspaces; ones that it has already are served too."""
    with only_one(clone, "local up"), screen.step("Local workspace") as step:
        server = process.start(clone.home, specs)
        step.done(", ".join(server.hosts))
    for name, host in server.hosts.items():
        screen.line(f"  {name:<11} {host}")
    screen.line(f"  token       {clone.relative(clone.home.token_file)}")
    screen.line(f"  profiles    {', '.join(server.hosts)} in {clone.relative(clone.home.config_file)}")


def down(clone: Clone, screen: Screen) -> None:
    """Stop the server; its state stays."""
    with only_one(clone, "local down"), screen.step("Stop the local workspace") as step:
        step.done("its state stays" if process.stop(clone.home) else "it was not running")


def reset(clone: Clone, screen: Screen, *, yes: bool, answer: Callable[[str], str] = input) -> None:
    """Empty the account and the Terraform state of `local`; caches stay. Errors: NotConfirmed, CannotRemove."""
    with only_one(clone, "local reset"):
        if not yes:
            _confirm(clone, answer)
        server = process.running(clone.home)
        with screen.step("Stop the local workspace") as step:
            step.done("" if process.stop(clone.home) else "it was not running")
        with screen.step("Remove its state") as step:
            remove((clone.home.root, clone.terraform_state))
            step.done("caches, tools and snapshots stay")
        if server is not None:
            with screen.step("Start it again, empty") as step:
                again = process.start(clone.home, _same(server.hosts))
                step.done(", ".join(again.hosts.values()))


def snapshot(clone: Clone, screen: Screen, where: str, *, replace: bool) -> None:
    """Save the account and the Terraform state of `local` in one file. Errors: CannotSnapshot."""
    from brickyard_local.snapshots.take import take

    file = snapshot_file(clone, where)
    with only_one(clone, "local snapshot"), screen.step("Snapshot") as step:
        taken = take(clone.home, file, beside={_TERRAFORM: clone.terraform_state}, replace=replace)
        paused = f", the workspace paused for {taken.paused_s * 1000:.0f} ms"
        step.done(f"{taken.size_bytes / 2**20:.1f} MiB{paused if process.running(clone.home) else ''}")
    screen.line(f"  file        {clone.relative(file)} (it holds tokens and secrets: keep it as private as they are)")
    if taken.left_out:
        screen.line(f"  left out    {len(taken.left_out)} symbolic links and sockets, {taken.left_out[0]} is the first")


def restore(clone: Clone, screen: Screen, where: str, *, force: bool) -> None:
    """Replace the account and the Terraform state of `local` by what was saved. Errors: CannotRestore."""
    from brickyard_local.snapshots.restore import restore as restore_snapshot

    file = snapshot_file(clone, where)
    with only_one(clone, "local restore"):
        ran = process.running(clone.home)
        with screen.step("Restore") as step:
            about = restore_snapshot(clone.home, file, beside={_TERRAFORM: clone.terraform_state}, force=force)
            step.done(f"as of {_time(about.created_ms / 1000)}")
        if ran is not None:
            with screen.step("Start it again") as step:
                again = process.start(clone.home, tuple(WorkspaceSpec(name=name) for name in about.workspaces))
                step.done(", ".join(again.hosts.values()))


def show_snapshots(clone: Clone, screen: Screen) -> None:
    """The snapshots of this clone, newest first."""
    files = sorted(clone.snapshots.glob(f"*{_SUFFIX}"), key=lambda file: -file.stat().st_mtime)
    for file in files:
        facts = file.stat()
        name = file.name.removesuffix(_SUFFIX)
        screen.line(f"  {name:<24} {_time(facts.st_mtime)}  {facts.st_size / 2**20:8.1f} MiB")
    if not files:
        screen.line("  none; `brickyard local snapshot NAME` makes one")


def snapshot_file(clone: Clone, where: str) -> Path:
    """`NAME` lies in the clone's folder of snapshots; what has a slash or ends in .tar.gz is a file."""
    if "/" in where or where.endswith(_SUFFIX):
        return Path(where).absolute()
    return clone.snapshots / f"{where}{_SUFFIX}"


def workspace_specs(texts: Sequence[str]) -> tuple[WorkspaceSpec, ...]:
    """Each `NAME` or `NAME:PORT`. Errors: InvalidWorkspace."""
    specs = tuple(_workspace_spec(text) for text in texts)
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        raise InvalidWorkspace(f"A workspace is named twice in {', '.join(names)}: name each one once.")
    return specs


def _workspace_spec(text: str) -> WorkspaceSpec:
    name, _, port = text.partition(":")
    if not _NAME.match(name):
        raise InvalidWorkspace(f"'{name}' is no name of a workspace: use letters, digits, '-' and '_', a letter first.")
    if port and not is_port(port):
        rule = f"use a number from {FIRST} to {LAST}, or none"
        raise InvalidWorkspace(f"'{port}' is no port for workspace '{name}': {rule}.")
    return WorkspaceSpec(name=name, port=int(port) if port else None)


def _confirm(clone: Clone, answer: Callable[[str], str]) -> None:
    what = clone.relative(clone.home.root)
    question = f"Remove everything in {what} (catalogs, files, runs, models) and its Terraform state? [y/N] "
    if answer is input and not sys.stdin.isatty():
        raise NotConfirmed(f"Nobody is there to confirm that {what} is emptied: say --yes.")
    if answer(question).strip().lower() not in {"y", "yes"}:
        raise NotConfirmed(f"Nothing was removed: {what} is as it was.")


def _same(hosts: Mapping[str, str]) -> tuple[WorkspaceSpec, ...]:
    return tuple(WorkspaceSpec(name=name, port=int(host.rpartition(":")[2])) for name, host in hosts.items())


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
