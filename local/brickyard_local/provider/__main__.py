"""Start the plugin: `python -m brickyard_local.provider --cache FOLDER`, by Terraform through the launcher."""

import argparse
import os
import sys
from pathlib import Path

from brickyard_local.provider.wire.handshake import COOKIE


def main() -> None:
    """Serve one provider configuration until Terraform stops us."""
    parser = argparse.ArgumentParser(prog="brickyard_local.provider", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for derived schemas")
    arguments = parser.parse_args()
    if COOKIE not in os.environ:
        sys.exit("This is a Terraform provider: Terraform starts it, from the mirror `install` writes.")
    # Imported late: `--help` and a wrong start need no gRPC.
    from brickyard_local.provider.schema.cache import schema_cache
    from brickyard_local.provider.servicer import Servicer
    from brickyard_local.provider.table import schema_versions
    from brickyard_local.provider.wire.server import serve

    serve(Servicer(schema_cache(arguments.cache, schema_versions())).calls())


if __name__ == "__main__":
    main()
