"""A version to judge, as an endpoint would load it, with what it was trained on; and the champion beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mlflow.artifacts
import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.evaluation import baselines
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.project import SplitByTime
from brickyard_pipelines.ml.project.periods import from_parameters
from brickyard_pipelines.ml.registry import versions

SEEN_UNTIL = "seen_until"  # a tag for versions that we did not train: the first day that they have not seen

Predict = Callable[[pd.DataFrame], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Champion:
    """The version that would be replaced, and the first day that it has not seen."""

    version: str
    predict: Predict
    seen_until: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """The version to judge. `split` is None when nothing says it; `rates` when its run is not in this workspace."""

    version: str
    model_id: str | None
    predict: Predict
    split: SplitByTime | None
    rates: Baselines | None


def load_candidate(client: MlflowClient, model: str, version: str) -> Candidate:
    """The version and what its training left behind: in its run, or, of a copied version, in its tags."""
    facts = versions.find(client, model, version)
    run = find_run(client, facts)
    loaded = load(model, version)
    return Candidate(
        version=version,
        model_id=loaded.metadata.model_id if run is not None else None,
        predict=loaded.predict,
        split=trained_on(run, facts.tags or {}),
        rates=None if run is None else rates_of(run),
    )


def load_champion(client: MlflowClient, model: str, candidate: Candidate) -> Champion | None:
    """The champion, or None when there is none yet.

    Errors: UnusableSource when it cannot be loaded, or nothing says what it has seen.
    """
    version = versions.champion(client, model)
    if version is None:
        return None
    facts = versions.find(client, model, version)
    seen = seen_until(find_run(client, facts), facts.tags or {})
    if seen is None:
        raise UnusableSource(
            f"Nothing says until when champion version {version} of {model} has seen data: its run is gone, or says"
            " nothing, so that nobody can compare fairly. Set the day (not included) as its tag"
            f" {SEEN_UNTIL}, such as 2013-11-01."
        )
    if version == candidate.version:
        return Champion(version=version, predict=candidate.predict, seen_until=seen)
    try:
        return Champion(version=version, predict=load(model, version).predict, seen_until=seen)
    except Exception as error:
        raise UnusableSource(
            f"Champion version {version} of {model} cannot be loaded ({type(error).__name__}: {error}), so nothing"
            " can be compared with it. Go back to one that can: `brickyard rollback --to VERSION`."
        ) from error


def load(model: str, version: str) -> Any:
    """The version by mlflow's pyfunc, which is what an endpoint loads."""
    return mlflow.pyfunc.load_model(f"models:/{model}/{version}")


def find_run(client: MlflowClient, facts: ModelVersion) -> Run | None:
    """The run that trained a version; None when it is gone, or in another workspace."""
    if not facts.run_id:
        return None
    try:
        return client.get_run(str(facts.run_id))
    except MlflowException:
        return None


def trained_on(run: Run | None, tags: Mapping[str, str]) -> SplitByTime | None:
    """The periods of a version: as its run says, or else its tags, which say `split_` for `split.`."""
    if run is not None:
        return from_parameters(run.data.params)
    return from_parameters({key.replace("split_", "split.", 1): value for key, value in tags.items()})


def seen_until(run: Run | None, tags: Mapping[str, str]) -> str | None:
    """The first day that a version has not seen, or None when nothing says it."""
    split = trained_on(run, tags)
    if split is not None:
        return str(split.validation.until)
    by_run = None if run is None else run.data.params.get("validation_until")
    return by_run or tags.get(SEEN_UNTIL) or None


def rates_of(run: Run) -> Baselines:
    """The baselines that the training run learnt."""
    document: Mapping[str, Any] = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/baselines.json")
    return baselines.from_document(document)
