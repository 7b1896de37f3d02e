"""From which commit the code of a project's jobs comes: it is told to the task that trains, and kept on the version.

The newest commit that changed this code, not the clone's: a commit elsewhere changes no job, as it changes no wheel.
A shallow clone names its own oldest commit for all that lies before it: fetch the whole history where plans are made.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

_CHANGED = "+changes"


def code_commit(root: Path, folders: Sequence[Path]) -> str | None:
    """Its hash; with `+changes` where files differ from it. None where the clone is no git repository."""
    if not (root / ".git").exists():
        return None
    places = [str(folder) for folder in folders]
    commit = _git(root, "log", "-1", "--format=%H", "--", *places)
    if not commit:
        return None
    return f"{commit}{_CHANGED}" if _git(root, "status", "--porcelain", "--", *places) else commit


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing where there is no git, or it refuses the clone."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
