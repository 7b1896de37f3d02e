"""Saved plans are sealed for who applies them: a plan holds state and what is secret in it.

The form is age (age-encryption.org/v1): a public key may stand anywhere, `age` itself opens what we seal, and the
identity that opens it comes from where the applying job keeps it, never from a file of this repository.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from brickyard.clone import Clone
from brickyard.errors import BundleRefused, NoPlanKey
from brickyard_local.account import write_private

KEY = "BRICKYARD_PLAN_KEY"
KEY_COMMAND = "BRICKYARD_PLAN_KEY_COMMAND"
_SECRET = "AGE-SECRET-KEY-1"  # noqa: S105 - how such a key begins
_TIMEOUT_S = 120


def seal(content: bytes, recipient: str) -> bytes:
    """Errors: NoPlanKey, where the recipient is no public key."""
    import pyrage

    try:
        return bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)]))
    except pyrage.RecipientError as error:
        raise NoPlanKey(
            f"{recipient!r} is no public key of age: it begins with age1. `brickyard plan-key` makes one."
        ) from error


def unseal(content: bytes, identity: str) -> bytes:
    """Errors: BundleRefused, NoPlanKey. No message repeats the identity."""
    import pyrage

    try:
        key = pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        raise NoPlanKey(f"What {KEY} or {KEY_COMMAND} gave is no key of age: it begins with {_SECRET}.") from error
    try:
        return bytes(pyrage.decrypt(content, [key]))
    except pyrage.DecryptError as error:
        raise BundleRefused(
            f"The sealed plans cannot be opened ({error}): they were altered, or sealed for another key. "
            "Plan again, for the public key of who applies."
        ) from error


def new_key(file: Path) -> str:
    """Write a new identity, readable by its owner alone; returns the public key. Errors: NoPlanKey."""
    import pyrage

    if file.exists():
        raise NoPlanKey(f"{file} is there already: plans that are sealed for it would be lost. Name another file.")
    identity = pyrage.x25519.Identity.generate()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, f"{identity}\n")
    return str(identity.to_public())


def own_recipient(clone: Clone) -> str:
    """The public key of this clone, made when it is first asked for: of the stage local, where one person is all."""
    import pyrage

    file = _own_file(clone)
    if not file.exists():
        return new_key(file)
    return str(pyrage.x25519.Identity.from_str(file.read_text().strip()).to_public())


def identity(clone: Clone, variables: Mapping[str, str] = os.environ) -> str:
    """Who opens: given by value, by a command that prints it, or this clone's own. Errors: NoPlanKey."""
    if given := variables.get(KEY, "").strip():
        return given
    if command := variables.get(KEY_COMMAND, "").strip():
        return _printed(command)
    file = _own_file(clone)
    if file.exists():
        return file.read_text().strip()
    raise NoPlanKey(
        f"Nobody says which key opens the plans: set {KEY_COMMAND} to a command that prints it (such as "
        f"`az keyvault secret show … --query value -o tsv`), or {KEY} to the key itself."
    )


def _printed(command: str) -> str:
    try:
        done = subprocess.run(shlex.split(command), check=False, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NoPlanKey(f"{KEY_COMMAND} cannot be run: {type(error).__name__}.") from error
    if done.returncode or not done.stdout.strip():
        said = done.stderr.strip()[-500:] or "nothing"
        raise NoPlanKey(f"{KEY_COMMAND} ended with status {done.returncode} and gave no key; it said: {said}")
    return done.stdout.strip()


def _own_file(clone: Clone) -> Path:
    return clone.state / "plan.key"
