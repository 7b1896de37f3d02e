"""A writer of runs, metrics, artifacts and logged models, with mlflow's own client.

The client tries again by itself when the connection breaks, so it may go on with the restarted server.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx

from crash_loads.outliving import Outliving
from crash_loads.writer import ABSENT, digest

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "/Shared/crash"
_SAMPLE = 20
_PAUSE_S = 0.1  # the machine is to be busy with more than this


class Tracking(Outliving):
    """Runs one after the other, each with all that a run has. Points of a metric are what its history must show."""

    experiment_id = ""
    compared = 0

    def is_wrong(self, error: Exception) -> bool:
        """What the workspace answered, the client's own attempts included, counts whenever it came."""
        from databricks.sdk.errors import DatabricksError
        from mlflow.exceptions import RestException

        return isinstance(error, RestException | DatabricksError) or super().is_wrong(error)

    def new_client(self) -> "MlflowClient":
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc")

    def do(self, states: dict[str, Any], act: Any) -> Any:
        """As `change`, by the client: what it raises leaves the change under way."""
        self.pending = states
        answer = act()
        self.acknowledge()
        return answer

    def step(self) -> None:
        """A run, after the last ones were compared where the server was killed or a call left something open."""
        self.mlflow = self.new_client()
        if self.pending or self.compared != self.life.turns:
            compared = self.life.turns
            self.faults += self.differences(everything=False)
            self.compared = compared
        name = f"{self.name}-{self.next()}"
        run_id = self.begin(name)
        for number in range(self.random.randrange(1, 4)):
            self.log_values(run_id, number)
        self.log_file(run_id)
        if self.number % 2:
            self.log_model(run_id)
        self.do({f"run {run_id}": "FINISHED"}, lambda: self.mlflow.set_terminated(run_id))
        self.life.ended.wait(_PAUSE_S)

    def begin(self, name: str) -> str:
        """The id is known only from the answer: until then the run is looked for by its name."""
        made = self.do(
            {f"name {name}": True},
            lambda: self.mlflow.create_run(self.experiment_id, run_name=name, tags={"crash": self.name}),
        )
        run_id = str(made.info.run_id)
        self.acknowledged[f"run {run_id}"] = "RUNNING"
        return run_id

    def log_values(self, run_id: str, number: int) -> None:
        from mlflow.entities import Metric, Param, RunTag

        def value(kind: str, name: str) -> str:
            return f"{kind} {run_id} {name}"

        self.do(
            {value("param", f"p{number}"): f"{number}"}, lambda: self.mlflow.log_param(run_id, f"p{number}", number)
        )
        loss = value("metric", "loss")
        points = [*(self.acknowledged.get(loss) or []), (number, number / 8)]
        self.do({loss: points}, lambda: self.mlflow.log_metric(run_id, "loss", number / 8, step=number))
        # "partial data may be written" (docs.databricks.com/api/workspace/experiments/logbatch): each part for itself.
        batch = {
            value("metric", f"m{number}"): [(0, 1.5)],
            value("param", f"b{number}"): "b",
            value("tag", "t"): f"{number}",
        }
        now = int(time.time() * 1000)
        metrics, params = [Metric(f"m{number}", 1.5, now, 0)], [Param(f"b{number}", "b")]
        tags = [RunTag("t", f"{number}")]
        self.do(batch, lambda: self.mlflow.log_batch(run_id, metrics=metrics, params=params, tags=tags))

    def log_file(self, run_id: str) -> None:
        content = self.content()
        with TemporaryDirectory() as folder:
            file = Path(folder) / "weights.bin"
            file.write_bytes(content)
            self.do(
                {f"artifact {run_id} a/weights.bin": digest(content)},
                lambda: self.mlflow.log_artifact(run_id, str(file), "a"),
            )

    def log_model(self, run_id: str) -> None:
        """A logged model is READY only once all of its files are there."""
        name = f"model-{self.next()}"
        made = self.do(
            {f"model-name {name}": True},
            lambda: self.mlflow.create_logged_model(self.experiment_id, name, run_id, params={"depth": "3"}),
        )
        model_id = str(made.model_id)
        self.acknowledged[f"model {model_id}"] = "PENDING"
        contents = {"MLmodel": b"artifact_path: model\n", "data/weights.bin": self.content()}
        with TemporaryDirectory() as folder:
            for path, content in contents.items():
                (Path(folder) / path).parent.mkdir(exist_ok=True)
                (Path(folder) / path).write_bytes(content)
            states = {f"model-file {model_id} {path}": digest(content) for path, content in contents.items()}
            self.do(states, lambda: self.mlflow.log_model_artifacts(model_id, folder))
        self.do({f"model {model_id}": "READY"}, lambda: self.mlflow.finalize_logged_model(model_id, "READY"))

    def content(self) -> bytes:
        return self.random.randbytes(self.random.choice((10, 40_000, 1_000_000)))

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        """Compared is in its own thread, and in the end here."""
        if not everything:
            return self.noted()
        self.mlflow = self.new_client()
        return super().check(client, everything=True)

    def differences(self, *, everything: bool) -> list[str]:
        """A sample, since each answer is a call of the client."""
        keys = sorted(self.acknowledged if everything else self.fresh)
        self.fresh = set(self.random.sample(keys, min(len(keys), _SAMPLE * (10 if everything else 1))))
        return super().differences(everything=False)

    def actual(self, key: str) -> Any:
        kind, _, rest = key.partition(" ")
        if kind in {"name", "model-name"}:
            return self.exists(kind, rest)
        if kind in {"model", "model-file"}:
            return self.model(kind, *rest.split(" "))
        run_id, _, name = rest.partition(" ")
        if kind == "metric":
            return [(each.step, each.value) for each in self.mlflow.get_metric_history(run_id, name)] or ABSENT
        run = self.mlflow.get_run(run_id)
        if kind == "artifact":
            return self.file(f"{run.info.artifact_uri}/{name}")
        shown = {"run": {"": run.info.status}, "param": run.data.params, "tag": run.data.tags}
        return shown[kind].get(name)

    def exists(self, kind: str, name: str) -> Any:
        if kind == "name":
            return bool(self.mlflow.search_runs([self.experiment_id], f"run_name = '{name}'")) or ABSENT
        return bool(self.mlflow.search_logged_models([self.experiment_id], f"name = '{name}'")) or ABSENT

    def model(self, kind: str, model_id: str, path: str = "") -> Any:
        found = self.mlflow.get_logged_model(model_id)
        if kind == "model":
            missing = [
                p for p in ("MLmodel", "data/weights.bin") if self.file(f"{found.artifact_location}/{p}") is ABSENT
            ]
            return f"READY without {missing}" if found.status == "READY" and missing else str(found.status)
        return self.file(f"{found.artifact_location}/{path}")

    def file(self, uri: str) -> Any:
        """By the Files API, whose tree holds the artifacts: mlflow's client downloads from there as well."""
        from brickyard_local.tracking.artifacts import files_path

        path, _, name = uri.rpartition("/")
        answer = self.client.get(f"/api/2.0/fs/files{files_path(path, name)}")
        return ABSENT if answer.status_code == 404 else digest(answer.content)
