"""`python -m brickyard_local.conformance.coverage LOGS_FOLDER > docs/coverage.md`."""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.app import create_app
from brickyard_local.conformance.coverage.evidence import read
from brickyard_local.conformance.coverage.sdk import methods
from brickyard_local.conformance.coverage.table import answered, render
from brickyard_local.state import LocalState

_CLIENTS = ("databricks-sdk", "mlflow", "pyspark", "cdktf-cdktf-provider-databricks")


def main(arguments: list[str]) -> int:
    """Print the page. Exit status 2 when there are no logs to read."""
    logs = sorted(Path(arguments[0]).glob("*.log")) if len(arguments) == 1 else []
    if not logs:
        sys.stderr.write("usage: python -m brickyard_local.conformance.coverage FOLDER_WITH_SERVER_LOGS\n")
        return 2
    versions = ", ".join(f"{name} {version(name)}" for name in _CLIENTS)
    with tempfile.TemporaryDirectory() as folder:
        state = LocalState.open(Home(root=Path(folder) / "home", cache=Path(folder) / "cache"))
        app = create_app(state, state.account.ensure_workspace(WorkspaceSpec(name="local")))
        sys.stdout.write(render(app, methods(), read(logs, answered(app)), versions))
        state.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
