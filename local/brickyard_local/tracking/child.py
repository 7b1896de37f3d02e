"""The child process: `python -m brickyard_local.tracking.child SOCKET`, in the folder of its database.

mlflow's own server application under uvicorn, without job execution (that would be nine more processes).
The names with `_MLFLOW_SERVER_` are what `mlflow server` itself sets for its workers (mlflow/server/constants.py);
they are private to mlflow, which is why its version is pinned.
"""

import os
import sys

from brickyard_local.children import exit_with_parent
from brickyard_local.tracking.artifacts import LOGGED_MODELS

_DATABASE = "sqlite:///mlflow.db"
_ARTIFACT_ROOT = "dbfs:/databricks/mlflow-tracking"
_KEEP_ALIVE_S = 3600


def main() -> None:
    """Serve on the Unix socket until the parent is gone."""
    exit_with_parent()
    os.umask(0o077)
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": _DATABASE,
            "_MLFLOW_SERVER_REGISTRY_STORE": _DATABASE,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": _ARTIFACT_ROOT,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "false",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
    )
    import uvicorn
    from mlflow.server.handlers import initialize_backend_stores
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # Databricks' names: by them clients know whose artifacts they are and where to ask for them.
    SqlAlchemyStore.MODELS_FOLDER_NAME = LOGGED_MODELS
    SqlAlchemyStore.TRACE_FOLDER_NAME = ""
    # Makes or migrates the database before the socket exists: else the first caller would wait for it.
    initialize_backend_stores(_DATABASE, _DATABASE, _ARTIFACT_ROOT)
    uvicorn.run(
        "mlflow.server.fastapi_app:app",
        uds=sys.argv[1],
        log_level="warning",
        timeout_keep_alive=_KEEP_ALIVE_S,  # longer than the parent keeps a connection: it never writes to a closed one
    )


if __name__ == "__main__":
    main()
