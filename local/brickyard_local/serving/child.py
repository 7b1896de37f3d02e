"""A served entity's process: `python -m brickyard_local.serving.child MODEL_FOLDER SOCKET`.

It loads the model version and answers with mlflow's own scoring server, on a socket that only its parent reaches.
Source: mlflow.pyfunc.scoring_server
"""

import os
import sys
import traceback

from brickyard_local.children import exit_with_parent


def main() -> int:
    """Serve until the parent ends it. Exit status 1 when the model does not load; the log says why."""
    exit_with_parent()
    os.umask(0o077)
    folder, socket = sys.argv[1:3]
    import uvicorn

    try:
        from mlflow import pyfunc
        from mlflow.pyfunc import scoring_server

        from brickyard_local.serving.row_wise import RowWise, answers_row_by_row
        from brickyard_local.serving.streams import Streams

        model = pyfunc.load_model(folder)
        server = Streams(scoring_server.init(model), model)
        app = RowWise(server, model) if answers_row_by_row(model.metadata) else server
    except Exception:  # noqa: BLE001 - whatever a model raises while it loads is why it cannot be served
        traceback.print_exc()
        return 1
    uvicorn.run(app, uds=socket, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
