"""Read an environment and the projects, build the App, synthesise. `cdktf.json` starts this."""

import gc
import os
import sys
from pathlib import Path

from brickyard_stacks.app import synthesise
from brickyard_stacks.errors import StacksError
from brickyard_stacks.planning import signed_in
from brickyard_stacks.sandboxes import read_sandbox
from brickyard_stacks.settings import check_together, environment_file, project_files

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesise the environment that BRICKYARD_ENV names, or the sandbox of it that BRICKYARD_SANDBOX names."""
    environment, projects = check_together(environment_file(ROOT, os.environ), project_files(ROOT))
    sandbox = read_sandbox(ROOT, environment, os.environ)
    synthesise(signed_in(environment, os.environ), projects, root=ROOT, sandbox=sandbox)


if __name__ == "__main__":
    gc.disable()  # what a synthesis makes lives until its end, and walking it again and again is a tenth of the time
    try:
        main()
    except StacksError as error:
        sys.exit(f"brickyard: {error}")
