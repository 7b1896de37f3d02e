"""What a training run says of itself: split, parameters, data, environment, importance."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from brickyard_pipelines.ml.code import fingerprint, trained_from
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.project import Period, Project, SplitByTime, refer
from brickyard_pipelines.ml.settings import StepSettings, unquoted
from brickyard_pipelines.ml.training.dependence import Curve, picture
from brickyard_pipelines.ml.training.importance import ARTIFACT, Importance, page
from brickyard_pipelines.ml.training.tuning import Best


def parameters(
    project: Project, split: SplitByTime, labelled: LabelledRows, given: Mapping[str, Any], best: Best | None
) -> dict[str, Any]:
    """What the run was told and found: the split's dates, the function, and its parameters as `training.<name>`.

    The prefix keeps a parameter from passing for a fact: validate trusts `split.holdout_since` and its like.
    """
    tuned = {"tuning.trial": best.number, "tuning.finished": best.finished} if best else {}
    return {
        **split.as_parameters(),
        "train_since": split.train.since,
        "train_until": split.train.until,
        "validation_until": split.validation.until,
        "rows_without_label": labelled.unlabelled,
        "function": project.workflow.training.function,
        **tuned,
        **{f"training.{name}": value for name, value in given.items()},
    }


def log_dataset(name: str, source: Source, period: Period, project: Project) -> Any:
    """The rows of one period as a dataset of the run: table, Delta version, schema."""
    import mlflow
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.exceptions import MlflowException

    from brickyard_pipelines.ml.registry.models import signature

    table, version = unquoted(source.feature_table), source.feature_version
    schema = signature(refer(project.workflow.features.columns), project.workflow.labels.column).inputs
    # Facts only: mlflow's pandas dataset would look at every value of every row to guess the schema we know.
    dataset = MetaDataset(  # type: ignore[abstract]
        DeltaDatasetSource(delta_table_name=table, delta_table_version=version),
        name=f"{project.name}_{name}",
        digest=fingerprint([asdict(source), asdict(period)])[:8],
        schema=schema,
    )
    try:
        mlflow.log_input(dataset, context=name)
    except MlflowException:
        # MLflow's server looks, then writes: of two runs that bring it a dataset at the same moment, it refuses one.
        mlflow.log_input(dataset, context=name)
    return dataset


def log_importance(importance: Importance, curves: Sequence[Curve], title: str) -> None:
    """`importance.json` (name to share, which sum to 1), a page of bars, by SHAP its picture, and the curves."""
    import mlflow

    mlflow.set_tag("brickyard.importance_method", importance.method)
    mlflow.log_dict(dict(importance.shares), ARTIFACT)
    mlflow.log_text(page(importance, f"{title}: what the model leans on"), "importance.html")
    if importance.picture is not None:
        mlflow.log_figure(importance.picture, "shap.png")
    drawn = picture(curves, f"{title}: answers by one feature, the others as they are (mean, middle 80 % of rows)")
    if drawn is not None:
        mlflow.log_figure(drawn, "partial_dependence.png")


def environment() -> str:
    """Python, the platform and every distribution of this process, as `pip freeze` writes them."""
    installed = {
        f"{distribution.metadata['Name']}=={distribution.version}"
        for distribution in importlib.metadata.distributions()
    }
    return "\n".join([f"# Python {platform.python_version()}, {platform.platform()}", *sorted(installed), ""])


def example(features: pd.DataFrame) -> pd.DataFrame:
    """Two rows for the model's page and for a first request: the most complete of the training period's end."""
    last = features.tail(500)
    return last.loc[last.notna().sum(axis=1).nlargest(2).index].reset_index(drop=True)


def origin(settings: StepSettings, split: SplitByTime, run_id: str, job_run: str) -> dict[str, str]:
    """The tags of a new version: where it came from and why, and that nobody has judged it yet."""
    return {
        "trained_by_run": run_id,
        "trained_by_job_run": job_run,
        "reason": settings.reason or "by hand or schedule",
        "validation_status": "PENDING",
        **trained_from(settings.commit),
        **{name.replace(".", "_"): day for name, day in split.as_parameters().items()},
    }
