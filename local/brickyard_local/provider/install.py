"""Install the offline provider for Terraform: a filesystem mirror and a CLI configuration which points at it.

Both are the same on every run, so that Terraform's dependency lock keeps matching.
"""

import os
import platform
import shlex
import sys
import tempfile
from pathlib import Path

from brickyard_local.provider.errors import ProviderError

VERSION = "1.99.0"
SOURCE = "registry.terraform.io/databricks/databricks"
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class UnsupportedPlatform(ProviderError):
    """Raised where Terraform could not start the launcher, a shell script."""


def install(terraform_dir: Path, cache: Path) -> Path:
    """Write `<terraform_dir>/mirror/…` and the CLI configuration; the configuration's path.

    `cache` is where the provider keeps derived schemas. Errors: UnsupportedPlatform.
    """
    mirror = terraform_dir.resolve() / "mirror"
    folder = mirror / SOURCE / VERSION / target_platform()
    _write(folder / f"terraform-provider-databricks_v{VERSION}", _launcher(cache.resolve()), mode=0o755)
    configuration = terraform_dir.resolve() / "terraform.rc"
    _write(configuration, _configuration(mirror), mode=0o644)
    return configuration


def target_platform() -> str:
    """This machine as Terraform names it: `linux_amd64`. Errors: UnsupportedPlatform."""
    system, machine = platform.system(), platform.machine()
    if system not in _SYSTEMS or machine.lower() not in _MACHINES:
        raise UnsupportedPlatform(
            f"The offline provider cannot run on {system} {machine}",
            f"It needs one of {', '.join(_SYSTEMS)} on one of {', '.join(_MACHINES)}.",
        )
    return f"{_SYSTEMS[system]}_{_MACHINES[machine.lower()]}"


def _launcher(cache: Path) -> str:
    """Starts this virtual environment's Python. `-I`: neither the stack's folder nor the environment is imported."""
    command = [sys.executable, "-I", "-m", "brickyard_local.provider", "--cache", str(cache)]
    return f"#!/bin/sh\nexec {shlex.join(command)}\n"


def _configuration(mirror: Path) -> str:
    """Only the Databricks provider comes from the mirror; every other one from where it always came."""
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {_quoted(str(mirror))}\n"
        f'    include = ["{SOURCE}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{SOURCE}"]\n'
        "  }\n"
        "}\n"
        "disable_checkpoint = true\n"
    )


def _quoted(text: str) -> str:
    """A string of Terraform's language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return f'"{escaped}"'


def _write(path: Path, text: str, *, mode: int) -> None:
    """Replace the file at once, or leave it alone when it already says so."""
    if path.exists() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(draft).chmod(mode)
    Path(draft).replace(path)
