"""`pipenv run finetuning STEP …`: the command of the pipelines wheel, with this clone's code in the place of the wheel.

The shell's variables stay as they are: they say which workspace experiments and registered models are in.
"""

import os
import sys
from typing import NoReturn

from brickyard.clone import Clone
from brickyard.errors import BrickyardError
from brickyard.step import code_path

_COMMAND = "from brickyard_pipelines.finetuning.command import main; main()"


def main() -> NoReturn:
    """Replace this process by the command. Exit status 1 with a sentence outside of a clone."""
    try:
        clone = Clone.find()
    except BrickyardError as error:
        print(f"brickyard: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    # Processes that it starts, one per device, read the path too.
    environment = {**os.environ, "PYTHONPATH": code_path(clone, os.environ)}
    os.execve(sys.executable, [sys.executable, "-c", _COMMAND, *sys.argv[1:]], environment)  # noqa: S606 - this Python


if __name__ == "__main__":
    main()
