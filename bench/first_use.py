"""Measure the way of a newcomer: `python bench/first_use.py`, in a clone of this repository with empty caches.

Prints Markdown rows for bench/RESULTS.md: seconds of wall time, the peak of memory over all processes of the
clone (sum of resident sets, sampled twice a second), and the disk that the clone takes; then the closing screen.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(kw_only=True)
class Memory:
    """Samples the resident memory of every process below one process, or started from a folder."""

    root: Path
    pid: int
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        threading.Thread(target=self._sample, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            total = 0
            for process in psutil.process_iter():
                try:
                    ours = str(self.root) in " ".join(process.cmdline()) or self._below(process)
                    total += process.memory_info().rss if ours else 0
                except psutil.Error:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)

    def _below(self, process: psutil.Process) -> bool:
        return any(parent.pid == self.pid for parent in process.parents()) and process.pid != self.pid


def main() -> None:
    """Clone, then up (cold), up (no changes), diff, down, up (after down), down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep-caches", action="store_true", help="use this machine's package caches")
    parser.add_argument("--picture", type=Path, help="an SVG of what `make up` shows, docs/images/make-up.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard bench ") as folder:
        root = Path(folder) / "clone"
        environment = _environment(Path(folder), keep_caches=options.keep_caches)
        with Memory(root=root, pid=os.getpid()) as memory:
            begin = time.monotonic()
            subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(REPOSITORY), str(root)], check=True)
            said = _run("make up", root, environment)
            _row("fresh clone to answered request", time.monotonic() - begin)
            print(f"| peak memory | {memory.peak_bytes / 2**30:.2f} GiB |")
        print(f"| disk of the clone when up | {_disk_bytes(root) / 2**30:.2f} GiB |")
        print(f"| of that, .brickyard/local | {_disk_bytes(root / '.brickyard/local') / 2**20:.0f} MiB |")
        _measure("`make up` again, no changes", "make up", root, environment)
        diff = "BRICKYARD_ENV=local .brickyard/tools/bin/pipenv run cdktf diff local-flight-delays"
        _measure("`cdktf diff local-flight-delays`", diff, root, environment)
        _measure("`make down`", "make down", root, environment)
        _measure("`make up` after `make down`", "make up", root, environment)
        _run("make down", root, environment)
        print(re.sub(r"\x1b\[[0-9;]*m", "", said))
        if options.picture:
            _draw(said, options.picture)


def _draw(said: str, picture: Path) -> None:
    """What a terminal is left with: a step that is under way (`·`, or its seconds) is overwritten there by its end."""
    from rich.console import Console
    from rich.text import Text

    lines = [line for line in said.strip("\n").splitlines() if not re.match(r" +(· |[0-9]+ s )", line)]
    text = Text(re.sub(r"\n+(?=  ✓)", "\n", "\n".join(["$ make up", *lines])))
    text.highlight_regex(r"✓|`local` is up after .*", "green")
    text.highlight_regex(r"(?m)^(\$ make up|Ask it yourself.*|Next)$", "bold")
    console = Console(record=True, width=118, file=io.StringIO())
    console.print(text)
    picture.write_text(console.export_svg(title="make up"), encoding="utf-8")


def _environment(folder: Path, *, keep_caches: bool) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PIPENV"))}
    if not keep_caches:
        caches = folder / "caches"
        environment["PIP_CACHE_DIR"] = environment["PIPENV_CACHE_DIR"] = str(caches / "pip")
        environment["npm_config_cache"] = str(caches / "npm")
        environment["XDG_CACHE_HOME"] = str(caches / "xdg")
    return environment


def _measure(title: str, command: str, root: Path, environment: dict[str, str]) -> None:
    begin = time.monotonic()
    _run(command, root, environment)
    _row(title, time.monotonic() - begin)


def _row(title: str, seconds: float) -> None:
    print(f"| {title} | {seconds:.1f} s |", flush=True)


def _run(command: str, root: Path, environment: dict[str, str]) -> str:
    bash = shutil.which("bash") or "bash"
    done = subprocess.run([bash, "-c", command], cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _disk_bytes(root: Path) -> int:
    seen: set[tuple[int, int]] = set()
    total = 0
    for path in root.rglob("*"):
        facts = path.lstat()
        if (facts.st_dev, facts.st_ino) not in seen:
            seen.add((facts.st_dev, facts.st_ino))
            total += facts.st_blocks * 512
    return total


if __name__ == "__main__":
    main()
