"""Which experiment a run, a logged model or a trace belongs to; it never changes, so it is asked once."""

from brickyard_local.errors import NotFound
from brickyard_local.tracking.mlflow_server import Json, MlflowServer

_REMEMBERED = 20_000


class ExperimentLookup:
    """Answers from memory, else from mlflow's server."""

    def __init__(self, server: MlflowServer) -> None:
        self._server = server
        self._known: dict[str, str] = {}

    def of_run(self, run_id: str) -> str:
        """Errors: NotFound."""
        return self._known.get(f"run/{run_id}") or self._remember(
            f"run/{run_id}", self._get("2.0/mlflow/runs/get", "run_id", run_id)["run"]["info"]["experiment_id"]
        )

    def of_model(self, model_id: str) -> str:
        """Errors: NotFound."""
        return self._known.get(f"model/{model_id}") or self._remember(
            f"model/{model_id}",
            self._server.call("GET", f"/api/2.0/mlflow/logged-models/{model_id}").json()["model"]["info"][
                "experiment_id"
            ],
        )

    def of_trace(self, trace_id: str) -> str:
        """Errors: NotFound, also for a trace that does not belong to an experiment."""
        known = self._known.get(f"trace/{trace_id}")
        if known:
            return known
        found = self._server.call("GET", f"/api/3.0/mlflow/traces/{trace_id}").json()
        location = found["trace"]["trace_info"].get("trace_location", {})
        experiment_id = location.get("mlflow_experiment", {}).get("experiment_id")
        if not experiment_id:
            raise NotFound(f"Trace {trace_id} belongs to no experiment.")
        return self._remember(f"trace/{trace_id}", experiment_id)

    def _get(self, path: str, name: str, value: str) -> Json:
        return self._server.call("GET", f"/api/{path}", query=[(name, value)]).json()

    def _remember(self, key: str, experiment_id: str) -> str:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known[key] = experiment_id
        return experiment_id
