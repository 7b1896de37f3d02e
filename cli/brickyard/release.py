"""What is deployed to production is what a commit says: its files and its locked dependencies."""

import hashlib
import json
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard.clone import Clone
from brickyard.errors import NotReleased
from brickyard_stacks.settings import environment_file, load_environment

OVERRIDE = "BRICKYARD_ALLOW_UNCOMMITTED"
DEPLOYING = frozenset({"apply", "deploy", "destroy"})
# What pipenv takes where a Pipfile names no source; only its hash uses it.
_DEFAULT_SOURCES = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]
_SECTIONS = ("source", "requires", "packages", "dev-packages", "pipenv", "scripts")


def refuse_unreleased(clone: Clone, name: str, verb: str, variables: Mapping[str, str]) -> None:
    """Refuse to deploy an environment of the stage prod from a clone that differs from a commit, or is not locked.

    The variable BRICKYARD_ALLOW_UNCOMMITTED overrides it, for the environment that it names and no other.
    Errors: NotReleased, with everything that is in the way.
    """
    if verb not in DEPLOYING or variables.get(OVERRIDE, "") == name:
        return
    if load_environment(environment_file(clone.root, {"BRICKYARD_ENV": name})).stage != "prod":
        return
    if reasons := [*_uncommitted(clone.root), *_unlocked(clone.root)]:
        told = "".join(f"\n  {reason}" for reason in reasons)
        raise NotReleased(
            f"{name} is production, and this clone is not what a commit says:{told}\n"
            f"Commit it and deploy the commit. In an emergency: {OVERRIDE}={name}"
        )


def _uncommitted(root: Path) -> list[str]:
    done = subprocess.run(
        ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=normal"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return [f"git cannot say whether it is committed: {done.stderr.strip()}"]
    changed = [line[3:] for line in done.stdout.splitlines()]
    if not changed:
        return []
    more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
    return [f"not committed: {', '.join(changed[:5])}{more}"]


def _unlocked(root: Path) -> list[str]:
    reasons = []
    for name, locked in (("Pipfile", _python_is_locked), ("package.json", _node_is_locked)):
        try:
            if not locked(root):
                reasons.append(f"{name} has changed since it was locked: make lock")
        except (OSError, ValueError, KeyError) as error:
            reasons.append(f"the lock of {name} cannot be read ({type(error).__name__}): make lock")
    return reasons


def _python_is_locked(root: Path) -> bool:
    lock = json.loads((root / "Pipfile.lock").read_text())
    digest: str = lock["_meta"]["hash"]["sha256"]
    return digest == pipfile_digest(tomllib.loads((root / "Pipfile").read_text()))


def pipfile_digest(pipfile: Mapping[str, Any]) -> str:
    """The hash that pipenv writes into a lock. Source: github.com/sarugaku/plette, Pipfile.get_hash."""
    data: dict[str, Any] = {
        "_meta": {"sources": pipfile.get("source", _DEFAULT_SOURCES), "requires": pipfile.get("requires", {})},
        "default": pipfile.get("packages", {}),
        "develop": pipfile.get("dev-packages", {}),
    }
    data |= {name: value for name, value in pipfile.items() if name not in _SECTIONS}
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _node_is_locked(root: Path) -> bool:
    wanted = json.loads((root / "package.json").read_text())
    locked = json.loads((root / "package-lock.json").read_text())["packages"][""]
    return all(wanted.get(kind, {}) == locked.get(kind, {}) for kind in ("dependencies", "devDependencies"))
