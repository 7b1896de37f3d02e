"""train: features and labels of the training period → the project's train function → a registered version."""

import importlib
import logging
import threading
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from brickyard_pipelines import task_values
from brickyard_pipelines.ml.code import fingerprint, package_sha256, pinned_requirements
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.evaluation import baselines, metrics
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.project import Period, Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

_log = logging.getLogger(__name__)
_HEAVY = "brickyard_pipelines.ml.registry.models"  # mlflow and scikit-learn: seconds of imports
_TRAIN_ROWS_SCORED = 50_000  # enough to see overfitting
_FINGERPRINT, _VERSION = "brickyard.fingerprint", "brickyard.model_version"


def main() -> None:
    """The task's entry point."""
    entry.run("train", train)


def train(settings: StepSettings, project: Project) -> None:
    """Train and register, and hand on the version; the same data, code and parameters are not trained twice."""
    threading.Thread(target=importlib.import_module, args=[_HEAVY], daemon=True).start()  # while Spark answers
    spark = session()
    source = rows.current_source(spark, settings, project)
    made_from = recipe(settings, project, source)
    version = already_registered(settings, made_from)
    if version is None:
        split = project.workflow.split
        seen = Period(since=split.train.since, until=split.validation.until)
        version = fit_and_register(settings, project, source, rows.read(spark, settings, project, source, seen))
    task_values.hand_on("model_version", version, job_run_id=settings.job_run_id)


def recipe(settings: StepSettings, project: Project, source: Source) -> str:
    """The fingerprint of everything that decides what the model will be."""
    workflow = project.workflow
    decisions = {
        "model": settings.need("model"),
        "data": asdict(source),
        "split": asdict(workflow.split),
        "training": asdict(workflow.training),
        "baselines": workflow.baseline_groups,
        "code": [package_sha256(project.name), package_sha256("brickyard_pipelines")],
        "libraries": pinned_requirements(),
    }
    return fingerprint(decisions)


def already_registered(settings: StepSettings, made_from: str) -> str | None:
    """The version that a finished run made from the same recipe, if it still exists."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need
    from mlflow.exceptions import MlflowException

    from brickyard_pipelines.ml.registry import runs, versions

    run_id = runs.find(settings, {_FINGERPRINT: made_from}, status="FINISHED")
    if run_id is None:
        return None
    client = MlflowClient()
    version = client.get_run(run_id).data.tags.get(_VERSION)
    try:
        known = version is not None and versions.find(client, settings.need("model"), version).run_id == run_id
    except MlflowException:
        return None
    if not known:
        return None
    _log.info("version %s was trained from the same data, code and parameters: handed on as it is", version)
    return version


def fit_and_register(settings: StepSettings, project: Project, source: Source, labelled: LabelledRows) -> str:
    """Fit on the training period, score both periods, log everything, register. Returns the version."""
    import mlflow

    from brickyard_pipelines.ml.registry import models, runs, versions

    split, training = project.workflow.split, project.workflow.training
    learnt = rows.select(labelled, split.train)
    parts = {
        "train": (split.train, rows.thin(learnt, _TRAIN_ROWS_SCORED)),
        "validation": (split.validation, rows.select(labelled, split.validation)),
    }
    made_from = {_FINGERPRINT: recipe(settings, project, source)}
    with runs.step_run("train", settings, project, made_from) as run:
        model = refer(training.function)(learnt.features, learnt.labels, training.parameters)
        rates = baselines.learn(learnt.features, learnt.labels, project.workflow.baseline_groups)
        mlflow.log_params(parameters(project, labelled))
        mlflow.log_dict(rates.as_document(), "baselines.json")
        info = models.log_and_register(model, example(learnt.features), settings, project)
        for name, (period, part) in parts.items():
            dataset = log_dataset(name, source, period, project)
            mlflow.log_metrics(score(name, model, rates, part), model_id=info.model_id, dataset=dataset)
        version = str(info.registered_model_version)
        mlflow.set_tag(_VERSION, version)
        versions.tag(mlflow.MlflowClient(), settings.need("model"), version, origin(settings, run.info.run_id))
    _log.info("registered %s version %s", settings.model, version)
    return version


def score(name: str, model: Any, rates: Baselines, part: LabelledRows) -> dict[str, float]:
    """The metrics of the model and of each baseline on one period."""
    labels = np.asarray(part.labels, dtype=np.int64)
    answered = {"": metrics.checked(model.predict(part.features), len(labels))}
    answered |= {f"{baseline}_": said for baseline, said in rates.predict(part.features).items()}
    scored: dict[str, float] = {}
    for prefix, said in answered.items():
        scores = metrics.scores(labels, said)
        _log.info("%s %s: %s", name, prefix.rstrip("_") or "model", summary(scores))
        scored |= {f"{name}_{prefix}{metric}": value for metric, value in scores.items()}
    return scored


def summary(scores: dict[str, float]) -> str:
    """The four numbers that a person reads first."""
    names = ("roc_auc", "average_precision", "log_loss", "brier")
    return ", ".join(f"{name} {scores[name]:.4f}" for name in names)


def parameters(project: Project, labelled: LabelledRows) -> dict[str, Any]:
    """What the run was told: the split, the function, and its parameters as `training.<name>`.

    The prefix keeps a parameter from passing for a fact: validate trusts `validation_until`.
    """
    split, training = project.workflow.split, project.workflow.training
    return {
        "train_since": split.train.since,
        "train_until": split.train.until,
        "validation_until": split.validation.until,
        "rows_without_label": labelled.unlabelled,
        "function": training.function,
        **{f"training.{name}": value for name, value in training.parameters.items()},
    }


def example(features: pd.DataFrame) -> pd.DataFrame:
    """Two rows for the model's page and for a first request: the most complete of the training period's end."""
    last = features.tail(500)
    return last.loc[last.notna().sum(axis=1).nlargest(2).index].reset_index(drop=True)


def log_dataset(name: str, source: Source, period: Period, project: Project) -> Any:
    """The rows of one period as a dataset of the run: table, Delta version, schema."""
    import mlflow
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    from brickyard_pipelines.ml.registry.models import signature

    table, version = source.feature_table.replace("`", ""), source.feature_version
    schema = signature(refer(project.workflow.features.columns), project.workflow.labels.column).inputs
    # Facts only: mlflow's pandas dataset would look at every value of every row to guess the schema we know.
    dataset = MetaDataset(  # type: ignore[abstract]
        DeltaDatasetSource(delta_table_name=table, delta_table_version=version),
        name=f"{project.name}_{name}",
        digest=fingerprint([asdict(source), asdict(period)])[:8],
        schema=schema,
    )
    mlflow.log_input(dataset, context=name)
    return dataset


def origin(settings: StepSettings, run_id: str) -> dict[str, str]:
    """The tags of a new version: where it came from, and that nobody has judged it yet."""
    return {
        "trained_by_run": run_id,
        "trained_by_job_run": settings.job_run_id or "by hand",
        "validation_status": "PENDING",
    }
