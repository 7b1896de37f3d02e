"""Installs what a task requires, as a process of its own: `python -m brickyard_local.runtime.install_main REQUEST`.

REQUEST is a JSON file with `arguments` and `target`; on failure `failure` names the file that gets the reason.
"""

import json
import sys
from pathlib import Path

from brickyard_local.children import exit_with_parent
from brickyard_local.runtime import pip_install


def main() -> int:
    """Exit status 1 when pip could not install."""
    exit_with_parent()
    request = json.loads(Path(sys.argv[1]).read_text())
    try:
        pip_install.install(request["arguments"], Path(request["target"]), sys.executable)
    except pip_install.CannotInstallPackages as error:
        Path(request["failure"]).write_text(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
