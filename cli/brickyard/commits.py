"""Which commit a clone is at."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from brickyard.errors import CannotPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """Its full hash, and whether the files differ from it."""

    sha: str
    uncommitted: bool


def commit_of(root: Path) -> Commit:
    """Errors: CannotPlan, where git cannot say."""
    sha = _git(root, "rev-parse", "--verify", "HEAD^{commit}").strip()
    return Commit(sha=sha, uncommitted=bool(_git(root, "status", "--porcelain", "--untracked-files=normal").strip()))


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], check=False, capture_output=True, text=True)
    except OSError as error:
        raise CannotPlan(f"git cannot be run ({error.strerror}): a plan says which commit it is of.") from error
    if done.returncode:
        raise CannotPlan(f"A plan says which commit it is of, and git does not know: {done.stderr.strip()}")
    return done.stdout
