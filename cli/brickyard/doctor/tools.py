"""Are the tools there, and new enough?"""

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight

_CHECK = "tools"
# Import blocks came with Terraform 1.5, S3's own lock file with 1.10 (its documentation, "Backend Type: s3").
_TERRAFORM, _TERRAFORM_S3 = (1, 5), (1, 10)
_NODE = (20,)
_PYTHON = (3, 11)
_S = 60


def tools(preflight: Preflight) -> Iterator[Finding]:
    """Terraform, Node, Python and the clone's own cdktf."""
    needed = _TERRAFORM_S3 if preflight.environment.state.backend == "s3" else _TERRAFORM
    yield _program("terraform", ["terraform", "version", "-json"], needed, "https://developer.hashicorp.com/terraform")
    yield _program("node", ["node", "--version"], _NODE, "https://nodejs.org")
    python = platform.python_version()
    fine = sys.version_info[:2] >= _PYTHON
    fix = "" if fine else f"install Python {_shown(_PYTHON)} or newer, then `make setup`"
    yield Finding(check=_CHECK, status="ok" if fine else "problem", said=f"python {python}", fix=fix)
    yield _cdktf(preflight)


def version_of(text: str) -> tuple[int, ...] | None:
    """The first version number in what a program says of itself.

    >>> version_of('{"terraform_version": "1.11.4"}')
    (1, 11, 4)
    >>> version_of("no number") is None
    True
    """
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def _program(name: str, argv: list[str], needed: tuple[int, ...], where: str) -> Finding:
    if shutil.which(argv[0]) is None:
        fix = f"install {name} {_shown(needed)} or newer: {where}"
        return Finding(check=_CHECK, status="problem", said=f"{name} is not on the PATH", fix=fix)
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_S)
    except subprocess.TimeoutExpired:
        fix = f"run `{' '.join(argv)}` yourself"
        return Finding(check=_CHECK, status="problem", said=f"{name} did not answer within {_S} s", fix=fix)
    version = version_of(done.stdout)
    if version is None:
        fix = f"run `{' '.join(argv)}` yourself"
        said = f"{name} does not say its version: {(done.stderr or done.stdout).strip()[:200]}"
        return Finding(check=_CHECK, status="problem", said=said, fix=fix)
    if version < needed:
        said, fix = f"{name} {_shown(version)} is too old", f"install {name} {_shown(needed)} or newer: {where}"
        return Finding(check=_CHECK, status="problem", said=said, fix=fix)
    return Finding(check=_CHECK, status="ok", said=f"{name} {_shown(version)}")


def _cdktf(preflight: Preflight) -> Finding:
    manifest = preflight.clone.root / "node_modules" / "cdktf-cli" / "package.json"
    wanted = preflight.clone.root / "package.json"
    try:
        there = str(json.loads(manifest.read_text())["version"])
        pinned = str(json.loads(wanted.read_text())["dependencies"]["cdktf-cli"])
    except (OSError, ValueError, KeyError):
        said = "cdktf-cli is not installed in this clone"
        return Finding(check=_CHECK, status="problem", said=said, fix="run `make setup`")
    if there != pinned:
        said = f"cdktf-cli {there} is installed, package.json pins {pinned}"
        return Finding(check=_CHECK, status="problem", said=said, fix="run `make setup`")
    return Finding(check=_CHECK, status="ok", said=f"cdktf-cli {there}")


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
