"""`train` and copies on a real workspace, killed after each effect there and started again, or two trainings at once.

Prints what is left. killed_training.py CATALOG FOLDER train|take|copy|two
"""

import json
import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Imported for the forks, which would each import them again.
import databricks.sdk  # noqa: F401
import git  # noqa: F401
import matplotlib.pyplot  # noqa: ICN001, F401
import mlflow.artifacts
import mlflow.sklearn
import requests
import skops.io  # type: ignore[import-untyped]  # noqa: F401

from brickyard_pipelines import task_values
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.registry import attempts, copies, models, runs  # noqa: F401
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import take_model, train
from forks import Forks, die
from learning import SOURCE, labelled

CATALOG, FOLDER, WHAT = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
PACKAGE = {
    "__init__.py": "",
    "definitions.py": """
from sklearn.linear_model import LogisticRegression
from brickyard_pipelines.ml.data.contract import Feature
FEATURES = tuple(Feature(name=name, type="double", comment="") for name in ("useful", "noise"))
def fit(features, labels, parameters):
    return LogisticRegression(**parameters).fit(features, labels)
""",
    "project.yaml": """
name: killed
workflow:
  contract: killed.definitions:NONE
  features:
    {function: "killed.definitions:none", columns: "killed.definitions:FEATURES", inputs: [e], key: id, time_key: at}
  labels: {function: "killed.definitions:none", inputs: [e], column: late}
  split:
    train: {since: 2013-01-01, until: 2013-03-01}
    validation: {since: 2013-03-01, until: 2013-04-01}
    holdout: {since: 2013-04-01, until: 2013-05-01}
  training: {function: "killed.definitions:fit", parameters: {C: 0.5}}
  baseline_groups: [noise]
  gate: {min_rows: 100, thresholds: {roc_auc: {min: 0.6}}, baseline_min_gain: 0.0}
""",
}
# What changes what the next attempt finds.
KINDS = (
    *("runs/create", "mlflow/logged-models$", "runs/log-batch", "/LoggedModels/.*", "versions/create", "/Models/.*"),
    *("versions/finalize", "versions/set-tag", "runs/set-tag", "runs/update"),
)
READS = ("search", "credentials", "get-latest", "batch-get")
Held = Mapping[str, tuple[str, str]]
"""By the end of a path: before that is asked, the file to make, and the one to wait for."""


def attempt(number: int, lasts: int | None, job_run: str | None, held: Held | None = None) -> Any:
    """Train the model of this number: its effects, and the version handed on. Dies when effect `lasts` is done."""
    effects = counted(lasts, held or {})
    handed: list[str] = []
    task_values.hand_on = lambda _key, value, **_: handed.append(value)  # type: ignore[assignment]
    train.session = lambda: None  # type: ignore[assignment]
    rows.current_source = lambda *_: SOURCE
    rows.read = lambda *_: labelled(99)
    train.package_sha256 = runs.package_sha256 = lambda _: "the code stays as it is"
    settings = StepSettings(
        project="killed",
        catalog=CATALOG,
        model=f"{CATALOG}.models.m{number}",
        experiment=f"/Users/admin@brickyard.local/{CATALOG}-{number}",
        job_run_id=job_run,
    )
    train.train(settings, load_project("killed"))
    return effects, handed


def copied(way: str, target: str, lasts: int | None) -> list[str]:
    """Copy the first model's version 1, by `take_model` or by `copy_model`. Dies as `attempt` does."""
    effects, client, model = counted(lasts, {}), mlflow.MlflowClient(), f"{CATALOG}.models.{target}"
    if way == "take":
        take_model.take(client, ExistingModel(name=f"{CATALOG}.models.m0", version=1), model)
    else:
        copies.copy(client, copies.Source(model=f"{CATALOG}.models.m0", version="1", run_id="", tags={}), model, "ok")
    return effects


def left_copies(target: str) -> list[Any]:
    """The versions of a model that was copied, without what names the copy."""
    client, model = mlflow.MlflowClient(), f"{CATALOG}.models.{target}"
    listed = [found.version for found in client.search_model_versions(f"name='{model}'")]
    found = [of_version(client, model, version) for version in listed]
    return [[status, sorted(tags.keys() - {"copied_as"}), "copied_as" in tags, files] for status, tags, files in found]


def counted(lasts: int | None, held: Held) -> list[str]:
    """What is asked of the workspace from now on, without what only reads."""
    send, lock, effects = requests.adapters.HTTPAdapter.send, threading.Lock(), list[str]()

    def sent(self: Any, request: Any, **how: Any) -> Any:
        path = request.path_url.partition("?")[0]
        for end in (end for end in held if path.endswith(end)):
            meet(*held[end])
        answer = send(self, request, **how)
        if request.method != "GET" and not path.endswith(READS):
            with lock:
                effects.append(f"{request.method} {path}")
                if len(effects) == lasts:
                    die()
        return answer

    requests.adapters.HTTPAdapter.send = sent  # type: ignore[method-assign]
    return effects


def meet(made: str, awaited: str) -> None:
    """Make one file, and wait until another process has made the other."""
    (FOLDER / made).touch()
    ends = time.monotonic() + 300
    while not (FOLDER / awaited).exists():
        if time.monotonic() > ends or (FOLDER / "failed").exists():
            raise TimeoutError(awaited)
        time.sleep(0.02)


def left(number: int) -> dict[str, Any]:
    """Everything that the attempts at one model left, but for names and times."""
    client, model = mlflow.MlflowClient(), f"{CATALOG}.models.m{number}"
    experiment = client.get_experiment_by_name(f"/Users/admin@brickyard.local/{CATALOG}-{number}")
    assert experiment is not None
    logged = client.search_logged_models([experiment.experiment_id])
    return {
        "versions": [
            of_version(client, model, found.version) for found in client.search_model_versions(f"name='{model}'")
        ],
        "models": [[str(each.status), sorted({(m.key, m.value) for m in each.metrics or []})] for each in logged],
        "runs": [of_run(client, run) for run in client.search_runs([experiment.experiment_id])],
    }


def of_version(client: mlflow.MlflowClient, model: str, version: str) -> list[Any]:
    """A version's status, its tags but for runs, and its files."""
    found, uri = client.get_model_version(model, version), f"models:/{model}/{version}"
    tags = {key: value for key, value in found.tags.items() if "run" not in key}
    return [str(found.status), tags, sorted(file.path for file in mlflow.artifacts.list_artifacts(uri))]


def of_run(client: mlflow.MlflowClient, run: Any) -> list[Any]:
    """A run's status, parameters, metrics, tags, datasets and files."""
    tags = {key: value for key, value in run.data.tags.items() if key.startswith("brickyard.")}
    named = int(tags.pop("brickyard.model_version"))
    del tags["brickyard.fingerprint"]  # the model's name is in it
    datasets = sorted(given.dataset.name for given in run.inputs.dataset_inputs)
    files = sorted(file.path for file in client.list_artifacts(run.info.run_id))
    return [run.info.status, run.data.params, run.data.metrics, tags, named > 0, datasets, files]


def told(what: Any) -> None:
    """A line of JSON for the test."""
    sys.stdout.write(f"TOLD {json.dumps(what)}\n")


def moments(effects: list[str]) -> list[int]:
    """After the last effect of each kind; after every one with BRICKYARD_EVERY_EFFECT=1."""
    if os.environ.get("BRICKYARD_EVERY_EFFECT"):
        return list(range(1, len(effects) + 1))
    last: dict[str, int] = {}
    for number, effect in enumerate(effects, 1):
        last |= {kind: number for kind in KINDS if re.search(kind, effect)}
    return sorted(last.values())


def main() -> None:
    for name, text in PACKAGE.items():
        (FOLDER / "killed").mkdir(exist_ok=True)
        (FOLDER / "killed" / name).write_text(text)
    sys.path.insert(0, str(FOLDER))
    works = {"attempt": attempt, "left": left, "copied": copied, "left_copies": left_copies, "numbers": numbers}
    forks = Forks(works)
    if WHAT == "two":
        two_trainings(forks, Forks(works))
        return
    effects, _ = forks.run("attempt", 0, None, "17")
    if WHAT == "train":
        killed_trainings(forks, effects)
    else:
        killed_copies(forks)


def killed_trainings(forks: Forks, effects: list[str]) -> None:
    told(["never killed", forks.run("left", 0)])
    registered = next(n for n, effect in enumerate(effects, 1) if effect.endswith("finalize"))
    for number in moments(effects):
        forks.killed("attempt", number, number, "17")
        # What is registered is taken by whoever comes with the recipe; before that, the task is repaired.
        forks.run("attempt", number, None, "17" if number < registered else "18")
        told([effects[number - 1], forks.run("left", number)])


def two_trainings(one: Forks, other: Forks) -> None:
    """By hand, of one recipe: each registers before it can see the other's; then one ends while the other trains."""
    create, datasets, trains = "model-versions/create", "runs/log-inputs", "runs/log-batch"
    both: dict[str, tuple[Held, Held]] = {
        "both registered": (
            {datasets: ("one logs", "other logs"), create: ("one registers", "other registers")},
            {datasets: ("other logs", "one logs"), create: ("other registers", "one registers")},
        ),
        "one ended": ({create: ("one waits", "other trains")}, {trains: ("other trains", "one ended")}),
    }
    for number, (name, holds) in enumerate(both.items(), start=100):
        with ThreadPoolExecutor() as pool:
            runs_of_both = [
                pool.submit(by_hand, forks, number, held) for forks, held in zip((one, other), holds, strict=True)
            ]
            runs_of_both[0].add_done_callback(lambda _, ended=FOLDER / name: ended.touch())
            ended = [each.result() for each in runs_of_both]
        made = [sum(effect.endswith(create) for effect in effects) for effects, _ in ended]
        handed = [version for _, versions in ended for version in versions]
        told([name, made, handed, one.run("numbers", number), one.run("left", number)])


def by_hand(forks: Forks, number: int, held: Held) -> Any:
    """An attempt of no job; the other one does not wait for one that failed."""
    try:
        return forks.run("attempt", number, None, None, held)
    except RuntimeError:
        (FOLDER / "failed").touch()
        raise


def numbers(number: int) -> list[str]:
    """The versions of a model."""
    listed = mlflow.MlflowClient().search_model_versions(f"name='{CATALOG}.models.m{number}'")
    return [str(found.version) for found in listed]


def killed_copies(forks: Forks) -> None:
    effects = forks.run("copied", WHAT, "whole", None)
    told(["never killed", forks.run("left_copies", "whole")])
    for number in moments(effects):
        forks.killed("copied", WHAT, f"killed{number}", number)
        forks.run("copied", WHAT, f"killed{number}", None)
        told([effects[number - 1], forks.run("left_copies", f"killed{number}")])


if __name__ == "__main__":
    main()
