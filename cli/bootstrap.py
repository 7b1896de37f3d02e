"""Set up this clone: `python3 cli/bootstrap.py [--dev] [--finetuning]`. Everything goes into the clone, by lock file.

Only the standard library, and syntax that an older Python can read: it must be able to say that it is too old.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".brickyard"
TOOLS = STATE / "tools"
LOGS = STATE / "logs"
FREE_GIB, FREE_GIB_FINETUNING = 6, 12
TOOL_RULES = (
    ("node", ("node", "--version"), (20,), "install Node.js 20 or newer (nodejs.org)"),
    ("npm", ("npm", "--version"), (9,), "it comes with Node.js"),
    ("terraform", ("terraform", "version"), (1, 11), "install Terraform 1.11 or newer (developer.hashicorp.com)"),
)


class SetupFailed(Exception):
    """Raised when a step cannot be done; the message says what to do."""


class Part(threading.Thread):
    """One part of the set-up, running beside the others; its stamp is left only when it is whole."""

    def __init__(self, title, stamp, locks, product, work) -> None:  # noqa: ANN001
        super().__init__(daemon=True)
        self.title, self.stamp, self.product, self.work = title, STATE / f"installed-{stamp}", product, work
        self.digest = digest(*locks)
        self.error = None
        self.took_s = 0.0

    def due(self) -> bool:
        """Whether it was never done, or with another lock file, or what it made is gone."""
        return not self.product.exists() or read(self.stamp) != self.digest

    def run(self) -> None:
        begin = time.monotonic()
        try:
            if self.stamp.exists():
                self.stamp.unlink()
            self.work()
            self.stamp.write_text(self.digest)
        except (SetupFailed, OSError) as error:
            self.error = error
        self.took_s = time.monotonic() - begin


def main() -> int:
    """Run the steps that are not done yet. Exit status 1 with a sentence when one cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests, linting and typing need")
    parser.add_argument("--finetuning", action="store_true", help="also what trains language models: gigabytes")
    options = parser.parse_args()
    try:
        check_tools()
        LOGS.mkdir(parents=True, exist_ok=True)
        with (STATE / "setup.lock").open("w") as lock:
            wait_for_others(lock)
            install(dev=options.dev)
            if options.finetuning:
                install_finetuning()
    except (SetupFailed, OSError) as error:
        sys.stderr.write(f"\nbrickyard: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbrickyard: interrupted; run the same command again, it goes on from here.\n")
        return 130
    return 0


def install(*, dev: bool) -> None:
    """Install what the lock files name, each part once per content of its lock file."""
    python, node = ROOT / ".venv" / "bin", ROOT / "node_modules" / ".bin" / "cdktf"
    locks = ("Pipfile.lock", "pyproject.toml")  # which names the folders of our own packages
    small = Part("Python packages (pipenv sync)", "python", locks, python / "brickyard", sync)
    full = Part("Python packages (pipenv sync --dev)", "python-dev", locks, python / "pytest", sync_dev)
    parts = [Part("cdktf-cli (npm ci)", "node", ("package-lock.json",), node, npm_ci)]
    if dev or full.due():
        parts.append(full if dev else small)
    carry_out(parts, FREE_GIB)


def install_finetuning() -> None:
    """The category `finetuning` of Pipfile.lock, into the same .venv and therefore after the rest."""
    product = ROOT / ".venv" / "bin" / "accelerate"
    title = "Fine-tuning's packages (pipenv sync --categories finetuning)"
    carry_out([Part(title, "finetuning", ("Pipfile.lock",), product, sync_finetuning)], FREE_GIB_FINETUNING)


def carry_out(parts, free_gib) -> None:  # noqa: ANN001
    """What is due of these parts, side by side. Errors: SetupFailed with all that failed."""
    due = [part for part in parts if part.due()]
    if not due:
        return
    check_disk(free_gib)
    for part in due:
        part.start()
    show_progress(due)
    failed = [str(part.error) for part in due if part.error]
    if failed:
        raise SetupFailed("\n".join(failed))


def npm_ci() -> None:
    """cdktf-cli into node_modules."""
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm.log", "the npm registry")


def sync_dev() -> None:
    """All packages of Pipfile.lock into .venv."""
    sync("--dev")


def sync_finetuning() -> None:
    """The packages of the category, beside those that are there."""
    sync("--categories", "finetuning")


def sync(*flags: str) -> None:
    """The tools venv with pipenv, then .venv from Pipfile.lock."""
    pipenv = Part("pipenv", "tools", ("cli/tools.lock.txt",), TOOLS / "bin" / "pipenv", install_pipenv)
    if pipenv.due():
        pipenv.run()
        if pipenv.error:
            raise pipenv.error
    settings = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_NOSPIN": "1"}
    settings.update({"PIPENV_PYTHON": sys.executable, "PIPENV_YES": "1", "PIPENV_VERBOSITY": "-1"})
    run([str(pipenv.product), "sync", *flags], "pipenv.log", "the Python package index", {**os.environ, **settings})


def install_pipenv() -> None:
    """Pipenv and what it needs, by hash."""
    run([sys.executable, "-m", "venv", "--clear", str(TOOLS)], "tools.log", "this Python's venv module")
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    run([*pip, "-r", str(ROOT / "cli" / "tools.lock.txt")], "tools.log", "the Python package index")


def check_tools() -> None:
    """Errors: SetupFailed naming every tool that is missing or too old, with the fix."""
    wrong = []
    if sys.version_info < (3, 11):
        found = ".".join(str(part) for part in sys.version_info[:2])
        wrong.append(f"Python {found} runs this, 3.11 or newer is needed: `make PYTHON=python3.11 …`")
    for tool, argv, least, fix in TOOL_RULES:
        version = version_of(argv)
        if version is None:
            wrong.append(f"{tool} is not on PATH: {fix}")
        elif version < least:
            got, needed = (".".join(str(part) for part in numbers) for numbers in (version, least))
            wrong.append(f"{tool} {got} is too old, {needed} or newer is needed: {fix}")
    if wrong:
        raise SetupFailed("this machine lacks what Brickyard stands on:\n  - " + "\n  - ".join(wrong))


def version_of(argv):  # noqa: ANN001, ANN201 - an older Python could not read the types
    """The version that a tool prints, as a tuple of numbers; None when it cannot be run."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    for word in done.stdout.replace("v", " ").split():
        numbers = word.split(".")
        if len(numbers) >= 2 and numbers[0].isdigit():
            return tuple(int(number) for number in numbers[:3] if number.isdigit())
    return None


def check_disk(needed_gib) -> None:  # noqa: ANN001
    """Errors: SetupFailed when the disk cannot hold what will be installed."""
    free_gib = shutil.disk_usage(ROOT).free / 2**30
    if free_gib < needed_gib:
        raise SetupFailed(
            f"{free_gib:.1f} GiB are free where this clone lies; {needed_gib} GiB are needed for the tools and the "
            "local workspace. Free some space, or clone to a larger disk."
        )


def run(argv, log_name, needs, environment=None) -> None:  # noqa: ANN001
    """Run a command with its output in a log. Errors: SetupFailed with the log's last lines."""
    log_path = LOGS / log_name
    with log_path.open("ab") as log:
        done = subprocess.run(
            argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, check=False
        )
    if done.returncode:
        tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-12:])
        command = " ".join(Path(part).name for part in argv[:3])
        raise SetupFailed(
            f"`{command}` failed (exit status {done.returncode}):\n{tail}\nIt needs {needs}: is it within reach "
            f"(proxy, mirror, VPN)? Then run the same command again. Whole log: {log_path}"
        )


def digest(*files: str) -> str:
    """What a part is made from: its files, this Python and the place of the clone."""
    content = b"".join((ROOT / file).read_bytes() for file in files)
    return hashlib.sha256(f"{sys.version} {ROOT} ".encode() + content).hexdigest()


def read(file: Path) -> str:
    """The text of a file, or an empty string."""
    return file.read_text() if file.exists() else ""


def wait_for_others(lock) -> None:  # noqa: ANN001
    """Hold the set-up of this clone; another one that is under way is waited for."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("Another set-up of this clone is under way; waiting for it.", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def show_progress(parts) -> None:  # noqa: ANN001
    """Print a line per part when it begins and ends; on a terminal, a clock in between."""
    begin = time.monotonic()
    for part in parts:
        print(f"  · {part.title} …", flush=True)
    pending = list(parts)
    while pending:
        for part in [part for part in pending if not part.is_alive()]:
            pending.remove(part)
            print(f"\r  {'✗' if part.error else '✓'} {part.title}  {part.took_s:.0f} s", flush=True)
        if pending and sys.stdout.isatty():
            print(f"\r    {time.monotonic() - begin:3.0f} s", end="", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
