"""Which repository and commit a folder's code is of, so that a review can lead to its lines."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from brickyard_review.links import GITHUB, Repository, page_of


def repository_of(folder: Path, variables: Mapping[str, str] = os.environ) -> Repository | None:
    """None where git does not know, or nobody has said where the repository is shown: a review needs no links."""
    told = _git(folder, "rev-parse", "--show-toplevel", "HEAD^{commit}")
    if told is None or len(lines := told.splitlines()) != 2:
        return None
    root, commit = Path(lines[0]).resolve(), lines[1]
    server = variables.get("GITHUB_SERVER_URL", "")
    hosts = {GITHUB, urlsplit(server).netloc}
    page = page_of(_remote(folder, variables), commit, hosts)
    return Repository(page=page, root=root, files=_as_committed(root, folder)) if page else None


def _remote(folder: Path, variables: Mapping[str, str]) -> str:
    """Of the pipeline that this runs in, else where this clone came from."""
    if variables.get("GITHUB_ACTIONS"):
        return f"{variables.get('GITHUB_SERVER_URL', '')}/{variables.get('GITHUB_REPOSITORY', '')}"
    if variables.get("TF_BUILD"):
        return variables.get("BUILD_REPOSITORY_URI", "")
    return (_git(folder, "remote", "get-url", "origin") or "").strip()


def _as_committed(root: Path, folder: Path) -> frozenset[str]:
    """Terraform's files in this folder that the commit holds as they are: a changed one has other lines there."""
    held = _git(root, "ls-files", "-z", "--", f"{folder.resolve()}/*.tf") or ""
    changed = _git(root, "diff", "-z", "--name-only", "HEAD", "--", str(folder.resolve()))
    return frozenset() if changed is None else frozenset(held.split("\0")) - {"", *changed.split("\0")}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it does not, or is not there."""
    argv = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
