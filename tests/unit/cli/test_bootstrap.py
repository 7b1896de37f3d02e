"""The set-up names what is missing, with the fix, and leaves nothing half-made."""

import os
import subprocess
import sys
from pathlib import Path

BOOTSTRAP = Path(__file__).resolve().parents[3] / "cli" / "bootstrap.py"
GOOD = {"node": "echo v20.1.0", "npm": "echo 10.2.3", "terraform": "echo Terraform v1.11.4"}


def set_up(tools: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the set-up in a clone of its own, on a PATH that holds only these shell scripts."""
    clone = folder / "clone with spaces"
    (clone / "cli").mkdir(parents=True)
    (clone / "cli" / "bootstrap.py").write_bytes(BOOTSTRAP.read_bytes())
    (clone / "cli" / "tools.lock.txt").write_text("no-such-package==1 --hash=sha256:" + "0" * 64)
    for lock in ("Pipfile.lock", "package-lock.json", "pyproject.toml"):
        (clone / lock).write_text("{}")
    path = folder / "bin"
    path.mkdir()
    for name, script in tools.items():
        (path / name).write_text(f"#!/bin/sh\n{script}\n")
        (path / name).chmod(0o755)
    environment = {**os.environ, "PATH": str(path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    argv = [sys.executable, str(clone / "cli" / "bootstrap.py")]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def test_all_missing_and_old_tools_are_named_at_once(tmp_path: Path) -> None:
    done = set_up({"node": "echo v18.19.0", "npm": GOOD["npm"]}, tmp_path)
    assert done.returncode == 1
    assert "node 18.19.0 is too old, 20 or newer is needed: install Node.js 20" in done.stderr
    assert "terraform is not on PATH: install Terraform 1.11" in done.stderr
    assert "npm" not in done.stderr
    assert not (tmp_path / "clone with spaces" / ".brickyard").exists()


def test_an_old_terraform_is_named_with_both_versions(tmp_path: Path) -> None:
    done = set_up({**GOOD, "terraform": "echo Terraform v1.5.7"}, tmp_path)
    assert done.returncode == 1
    assert "terraform 1.5.7 is too old, 1.11 or newer is needed" in done.stderr
    assert "node" not in done.stderr


def test_a_registry_out_of_reach_is_said_with_what_the_installer_said(tmp_path: Path) -> None:
    npm = '[ "$1" = --version ] && echo 10.2.3 && exit 0\necho ENOTFOUND registry >&2\nexit 7'
    done = set_up({**GOOD, "npm": npm}, tmp_path)
    assert done.returncode == 1
    assert "`npm ci --no-audit` failed (exit status 7)" in done.stderr
    assert "ENOTFOUND registry" in done.stderr
    assert "no-such-package" in done.stderr
    assert "is it within reach" in done.stderr
    left = {path.name for path in (tmp_path / "clone with spaces" / ".brickyard").glob("installed-*")}
    assert left == set()
