"""An entry point in a person's shell: `python -m brickyard_local.runtime.shell MODULE:FUNCTION ARG…`.

As for a task, the environment names the workspace and the principal. Spark is joined when it is first used,
`/Volumes/…` are folders, and models that Spark's workers ask are fetched once.
"""

import importlib
import sys
import tempfile
from pathlib import Path

from brickyard_local.runtime import lazy_spark, shared_models, volume_files, volume_libraries
from brickyard_local.runtime.volumes import Volumes


def main() -> None:
    """Run the function MODULE:FUNCTION; what it raises or exits with is this process's end."""
    reference, *arguments = sys.argv[1:]
    module, _, name = reference.partition(":")
    lazy_spark.install([])
    volumes = Volumes()
    volume_files.install(volumes)
    volume_libraries.install(volumes)
    with tempfile.TemporaryDirectory(prefix="brickyard-shell-") as scratch:
        shared_models.install(Path(scratch))
        sys.argv = [name, *arguments]
        getattr(importlib.import_module(module), name)()


if __name__ == "__main__":
    main()
