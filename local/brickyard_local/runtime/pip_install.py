"""Install packages into a folder of their own: only what is missing, and nothing into the workspace's environment.

pip resolves against what is installed already and says what is missing; exactly that goes into the folder.
Source: pip.pypa.io/en/stable/reference/installation-report
"""

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_QUIET = ("--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "20")
_REFUSED = ("--target", "-t", "--prefix", "--root", "--user", "--report", "--break-system-packages")


class CannotInstallPackages(RuntimeError):
    """Raised when pip cannot install: a package or a version does not exist, or the index does not answer."""


def install(arguments: Sequence[str], target: Path, python: str) -> list[str]:
    """`pip install` with these arguments; answers what was installed. Errors: CannotInstallPackages.

    Gaps: a package that is installed already in a version that does not fit is shadowed, not removed.
    """
    for argument in arguments:
        if argument.split("=")[0] in _REFUSED:
            raise CannotInstallPackages(
                f"'{argument}' of pip install is not taken: packages go into the task's folder."
            )
    with tempfile.TemporaryDirectory(prefix="pip-") as folder:
        report = Path(folder) / "report.json"
        _pip(python, "install", "--dry-run", "--quiet", "--report", str(report), *arguments)
        missing = [_exactly(entry) for entry in json.loads(report.read_text())["install"]]
    if missing:
        sources = _sources(arguments)
        target.mkdir(parents=True, exist_ok=True)
        _pip(python, "install", "--no-deps", "--upgrade", "--target", str(target), *sources, *missing)
    return missing


def use(target: Path) -> None:
    """Let this process import what was installed."""
    if target.is_dir() and str(target) not in sys.path:
        sys.path.insert(0, str(target))
    importlib.invalidate_caches()


def _exactly(entry: dict[str, Any]) -> str:
    metadata = entry["metadata"]
    if entry.get("is_direct"):
        return f"{metadata['name']} @ {entry['download_info']['url']}"
    return f"{metadata['name']}=={metadata['version']}"


def _sources(arguments: Sequence[str]) -> Sequence[str]:
    """Those arguments that say where to look."""
    taken: list[str] = []
    names = ("--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host")
    words = iter(arguments)
    for word in words:
        if word in names:
            taken += [word, next(words, "")]
        elif word.split("=")[0] in names or word in {"--no-index", "--pre"}:
            taken.append(word)
    return taken


def _pip(python: str, *arguments: str) -> None:
    ended = subprocess.run(
        [python, "-m", "pip", arguments[0], *_QUIET, *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    sys.stdout.write(ended.stdout)
    sys.stdout.flush()
    if ended.returncode:
        said = [line for line in ended.stdout.splitlines() if line.startswith("ERROR")] or ended.stdout.splitlines()[
            -3:
        ]
        raise CannotInstallPackages(" ".join(said) or f"pip ended with exit status {ended.returncode}.")
