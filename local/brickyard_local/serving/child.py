"""A served entity's process: `python -m brickyard_local.serving.child MODEL_FOLDER SOCKET`.

It loads the model version and answers with mlflow's own scoring server, on a socket that only its parent reaches.
Units: OMP_NUM_THREADS among a served entity's variables; 1 without it where small requests are answered together.
Source: mlflow.pyfunc.scoring_server
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

from brickyard_local.children import exit_with_parent
from brickyard_local.serving.mlmodel import read
from brickyard_local.serving.row_wise import FLAVOURS, RowWise, answers_row_by_row
from brickyard_local.serving.single_answers import SingleAnswers, answers_in_lists

_KEEP_ALIVE_S = 7 * 24 * 3600


def main() -> int:
    """Serve until the parent ends it. Exit status 1 when the model does not load; the log says why."""
    exit_with_parent()
    os.umask(0o077)
    # A version has all that it needs: what a hub would add to it was never registered, or judged.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    folder, socket = sys.argv[1:3]
    facts = read(Path(folder))
    if not FLAVOURS.isdisjoint(facts.flavors):
        # Before OpenMP is loaded: a row takes longer to hand to threads than to answer.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    import uvicorn

    try:
        from mlflow import pyfunc
        from mlflow.pyfunc import scoring_server

        from brickyard_local.serving.streams import Streams

        model = pyfunc.load_model(folder)
        server = Streams(scoring_server.init(model), model)
        app: Any = RowWise(server, model) if answers_row_by_row(model.metadata) else server
        if answers_in_lists(facts):
            app = SingleAnswers(app)
    except Exception:  # noqa: BLE001 - whatever a model raises while it loads is why it cannot be served
        traceback.print_exc()
        return 1
    # Whoever asks keeps its connections: one that this side closes could be closed under a request on its way.
    uvicorn.run(app, uds=socket, log_level="warning", access_log=False, timeout_keep_alive=_KEEP_ALIVE_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
