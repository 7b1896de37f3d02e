"""The retraining loop of a year: `python bench/retraining_loop.py [--months 12] [--learn 5]`.

Runs `brickyard simulate flight_delays` in this clone (its sandbox is removed afterwards), writes the picture to
docs/images/retraining-loop.png, and prints Markdown rows for bench/RESULTS.md: wall time, and by month the log loss of
the champion and of the first model, which is never trained again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURE = REPOSITORY / "docs" / "images" / "retraining-loop.png"
PROJECT = "flight_delays"


def main() -> None:
    """Simulate, print, remove."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", default="12")
    parser.add_argument("--learn", default="5")
    parser.add_argument("--keep", action="store_true", help="leave the sandbox, to look at it")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="brickyard bench ") as folder:
        file = Path(folder) / "simulation.json"
        files = ["--json", str(file), "--picture", str(PICTURE)]
        brickyard("simulate", PROJECT, "--months", options.months, "--learn", options.learn, *files)
        months = json.loads(file.read_text())["months"]
    took_s = time.monotonic() - begin
    if not options.keep:
        brickyard("simulate", PROJECT, "--remove")
    print(f"| {options.months} months of {PROJECT}, from nothing | {took_s / 60:.1f} min |")
    for month in months:
        print(row(month))


def row(month: dict[str, Any]) -> str:
    """One month as a line of a table; an interrupted simulation keeps the times of its months."""
    losses = (month["log_loss"], month["first_log_loss"], month["expected_log_loss"])
    shown = " | ".join("" if loss is None else f"{loss:.4f}" for loss in losses)
    then = f"version {month['then']}, {month['outcome']}" if month["retrained"] else ""
    return (
        f"| {month['month']} | {month['rows']:,} | {month['champion']} | {shown} | {then} | {month['took_s']:.0f} s |"
    )


def brickyard(*arguments: str) -> None:
    """Run the command of this clone. Ends the process when it fails."""
    done = subprocess.run([str(Path(sys.executable).parent / "brickyard"), *arguments], cwd=REPOSITORY, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
