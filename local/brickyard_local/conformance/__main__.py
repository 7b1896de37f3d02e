"""`python -m brickyard_local.conformance OURS THEIRS`: where two conformance records differ; status 1 when they do."""

import sys
from pathlib import Path

from brickyard_local.conformance.records import Record, differences


def main(arguments: list[str]) -> int:
    """Print the differences of two records, a line each."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m brickyard_local.conformance OURS.json THEIRS.json\n")
        return 2
    try:
        ours, theirs = (Record.read(Path(argument)) for argument in arguments)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    found = differences(ours, theirs)
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(
        f"{len(found)} differences between {ours.target} ({ours.date}) and {theirs.target} ({theirs.date})\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
