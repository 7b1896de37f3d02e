"""train: features and labels of the training period → the project's train function → a registered version."""

import importlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from brickyard_pipelines import task_values
from brickyard_pipelines.ml.code import fingerprint, package_sha256, pinned_requirements
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.evaluation import baselines, metrics
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.features.serving import PackedReference, packed_reference
from brickyard_pipelines.ml.project import Period, Project, SplitByTime
from brickyard_pipelines.ml.project.periods import resolve
from brickyard_pipelines.ml.project.training import REFERENCE
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry
from brickyard_pipelines.ml.training import dependence, importance, records, tuning
from brickyard_pipelines.ml.training.fitting import Fitting, Parts, probabilities
from brickyard_pipelines.ml.training.reference import TRUSTED_TYPES
from brickyard_pipelines.ml.training.tuning import Best, Place

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from numpy.typing import NDArray
    from pandas import DataFrame
    from pyspark.sql import SparkSession

    from brickyard_pipelines.ml.registry.attempts import Registered

_log = logging.getLogger(__name__)
_HEAVY = "brickyard_pipelines.ml.registry.models"  # mlflow and scikit-learn: seconds of imports


def main() -> None:
    """The task's entry point."""
    entry.run("train", train)


def train(settings: StepSettings, project: Project) -> None:
    """Train and register, and hand on the version; the same data, code and parameters are not trained twice."""
    threading.Thread(target=importlib.import_module, args=[_HEAVY], daemon=True).start()  # while Spark answers
    spark = session()
    source = rows.current_source(spark, settings, project)
    split = resolved(spark, settings, project, source)
    made_from = recipe(settings, project, source, split)
    version = already_registered(settings, split, made_from)
    if version is None:
        seen = Period(since=split.train.since, until=split.validation.until)
        labelled = rows.read(spark, settings, project, source, seen)
        packed = packed_reference(settings, project)
        version = fit_and_register(settings, project, source, split, labelled, packed)
    task_values.hand_on("model_version", version, job_run_id=settings.job_run_id)


def resolved(spark: "SparkSession", settings: StepSettings, project: Project, source: Source) -> SplitByTime:
    """The split in days; one that rolls needs to know how far labels reach."""
    split = project.workflow.split
    if isinstance(split, SplitByTime):
        return split
    found = resolve(split, *rows.labelled_days(spark, settings, project, source))
    parts = {"train": found.train, "validation": found.validation, "hold-out": found.holdout}
    _log.info("split: %s", ", ".join(f"{name} {part.since} to {part.until}" for name, part in parts.items()))
    return found


def recipe(settings: StepSettings, project: Project, source: Source, split: SplitByTime) -> str:
    """The fingerprint of everything that decides what the model will be."""
    workflow, request = project.workflow, project.workflow.features.request
    decisions = {
        "model": settings.need("model"),
        "data": asdict(source),
        "split": asdict(split),
        "training": asdict(workflow.training),
        "request": None if request is None else asdict(request),
        "online_store": settings.online_store if request is not None and request.online() else None,
        "baselines": workflow.baseline_groups,
        "code": [package_sha256(project.name), package_sha256("brickyard_pipelines")],
        "libraries": pinned_requirements(*workflow.training.requirements),
    }
    return fingerprint(decisions)


def already_registered(settings: StepSettings, split: SplitByTime, made_from: str) -> str | None:
    """The version that a run made from the same recipe, if it still exists; what a killed run left out is made up."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import attempts

    client = MlflowClient()
    made = attempts.agreed(client, settings, made_from)
    return None if made is None else take(client, settings, split, made)


def take(client: "MlflowClient", settings: StepSettings, split: SplitByTime, made: "Registered") -> str:
    """Another run's version, with what that run was killed before it said, or is about to say."""
    from brickyard_pipelines.ml.registry import attempts

    if not made.told:
        origin = records.origin(settings, split, made.run_id, made.job_run)
        attempts.describe(client, settings.need("model"), made.version, origin)
        client.set_tag(made.run_id, attempts.VERSION, made.version)
        client.set_terminated(made.run_id)
        _log.info("run %s had registered version %s, and not said so: ended now", made.run_id, made.version)
    _log.info("version %s was trained from the same data, code and parameters: handed on as it is", made.version)
    return made.version


def fit_and_register(
    settings: StepSettings,
    project: Project,
    source: Source,
    split: SplitByTime,
    labelled: LabelledRows,
    packed: PackedReference | None = None,
) -> str:
    """Fit on the training period, score both periods, log everything, register. Returns the version."""
    import mlflow

    from brickyard_pipelines.ml.registry import attempts, models, runs
    from brickyard_pipelines.ml.training.packing import Predict, Trained

    training, parts = project.workflow.training, Parts.of(labelled, split)
    fitting = Fitting(training=training, parts=parts)
    made_from = recipe(settings, project, source, split)
    client, model_name = mlflow.MlflowClient(), settings.need("model")
    with runs.step_run("train", settings, project, {attempts.FINGERPRINT: made_from}) as run:
        attempts.clear(client, model_name, run.info.experiment_id, run.info.run_id)
        best = tuned(settings, project, fitting, made_from, run.info.run_id)
        given = {**training.parameters, **(best.parameters if best else {})}
        model, library = fitting.fit(given)
        rates = baselines.learn(parts.train.features, parts.train.labels, project.workflow.baseline_groups)
        mlflow.log_params(records.parameters(project, split, labelled, given, best))
        mlflow.log_dict(rates.as_document(), "baselines.json")
        mlflow.log_text(records.environment(), "environment.txt")

        def look(predict: Predict, model_id: str) -> Mapping[str, float]:
            for name, part in fitting.scored_rows().items():
                dataset = records.log_dataset(name, source, getattr(split, name), project)
                scores = score(name, predict, training.function, rates, part)
                mlflow.log_metrics(scores, model_id=model_id, dataset=dataset)
            return explain(project, predict, parts.validation)

        trusted = (*training.skops_trusted_types, *(TRUSTED_TYPES if training.function == REFERENCE else ()))
        trained = Trained(
            model=model, library=library, function=training.function, trusted_types=trusted, packed=packed
        )
        version = already_registered(settings, split, made_from)  # by a run that ended while this one trained
        if version is None:
            info = models.log_and_register(trained, records.example(parts.train.features), settings, project, look)
            version = agree(client, settings, split, run, str(info.registered_model_version))
        client.set_tag(run.info.run_id, attempts.VERSION, version)  # last: until then it has handed on nothing
    return version


def agree(client: "MlflowClient", settings: StepSettings, split: SplitByTime, run: "Run", version: str) -> str:
    """The version that this run registered, or the one that another run of the recipe registered before; not both."""
    from brickyard_pipelines.ml.registry import attempts

    run_id, model = str(run.info.run_id), settings.need("model")
    made = attempts.agreed(client, settings, run.data.tags[attempts.FINGERPRINT])
    if made is not None and made.version != version:
        _log.info("run %s trained at the same time: version %s is withdrawn", made.run_id, version)
        attempts.withdraw(client, model, run, version)
        return take(client, settings, split, made)
    attempts.describe(client, model, version, records.origin(settings, split, run_id, settings.job_run_id or "by hand"))
    _log.info("registered %s version %s", model, version)
    return version


def tuned(settings: StepSettings, project: Project, fitting: Fitting, made_from: str, run_id: str) -> Best | None:
    """The best of the trials, where project.yaml asks for some."""
    from brickyard_pipelines.ml.registry import runs

    wanted = project.workflow.training.tuning
    if wanted is None:
        return None
    if wanted.distributed:
        ship(project.name)
        ship("brickyard_pipelines")
    place = Place(experiment_id=runs.experiment_id(settings), study=f"tuning-{made_from[:16]}", parent_run_id=run_id)
    best = tuning.search(wanted, fitting.score, place)
    _log.info(
        "tuning: %d trials finished, %d pruned, %d failed; trial %d has %s %.4f with %s",
        *(best.finished, best.pruned, best.failed, best.number, wanted.metric, best.value, dict(best.parameters)),
    )
    return best


def score(name: str, predict: Any, function: str, rates: Baselines, part: LabelledRows) -> dict[str, float]:
    """The metrics of the model, as an endpoint would load it, and of each baseline on one period."""
    labels = np.asarray(part.labels, dtype=np.int64)
    answered = {"": probabilities(predict(part.features), len(labels), function)}
    answered |= {f"{baseline}_": said for baseline, said in rates.predict(part.features).items()}
    scored: dict[str, float] = {}
    for prefix, said in answered.items():
        scores = metrics.scores(labels, said)
        _log.info("%s %s: %s", name, prefix.rstrip("_") or "model", summary(scores))
        scored |= {f"{name}_{prefix}{metric}": value for metric, value in scores.items()}
    return scored


def explain(project: Project, predict: Any, validation: LabelledRows) -> Mapping[str, float]:
    """What the model leans on, on rows that it has not learnt from: shares by feature."""
    training = project.workflow.training
    labels = np.asarray(validation.labels, dtype=np.int64)

    def answers(features: "DataFrame") -> "NDArray[np.float64]":
        return probabilities(predict(features), len(features), training.function)

    found = importance.explain(answers, validation.features, labels, training.explain)
    curves = dependence.curves(answers, validation.features, list(found.shares))
    records.log_importance(found, curves, project.title)
    return found.shares


def summary(scores: Mapping[str, float]) -> str:
    """The four numbers that a person reads first."""
    names = ("roc_auc", "average_precision", "log_loss", "brier")
    return ", ".join(f"{name} {scores[name]:.4f}" for name in names)
