"""The version that scores: who carries the alias, what it has learnt from, and whether it can be used at all."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import BrokenContract, NoChampion, UnusableModel
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Champion:
    """A version, and the rows that are its to score: from a day to a day, not included (UTC); None is without end."""

    model: str
    version: str
    since: dt.date | None
    until: dt.date | None

    def where(self, time_key: str) -> str:
        """The condition that its rows meet.

        >>> Champion(model="m", version="1", since=dt.date(2013, 11, 1), until=None).where("at")
        "`at` >= '2013-11-01'"
        """
        limits = ((">=", self.since), ("<", self.until))
        return " AND ".join(f"`{time_key}` {sign} '{day}'" for sign, day in limits if day is not None) or "true"


def current_version(client: "MlflowClient", model: str) -> str:
    """The version that carries the alias now.

    Errors: NoChampion.
    """
    from brickyard_pipelines.ml.registry import versions  # seconds of imports that tests do not need

    version = versions.champion(client, model)
    if version is None:
        raise NoChampion(f"No version of {model} carries the alias champion. Run the step 'deploy' first.")
    return version


def current(client: "MlflowClient", settings: StepSettings, project: Project) -> Champion:
    """The champion, and which rows are its to score.

    That is `workflow.batch`, or else what is later than anything it saw in training: scores of rows that it knows
    would flatter it in every monitor.
    Errors: NoChampion.
    """
    model = settings.need("model")
    version = current_version(client, model)
    period = project.workflow.batch
    if period is not None:
        return Champion(model=model, version=version, since=period.since, until=period.until)
    from brickyard_pipelines.ml.registry import candidates  # seconds of imports that tests do not need

    facts = client.get_model_version(model, version)
    seen = candidates.seen_until(candidates.find_run(client, facts), facts.tags or {})
    return Champion(model=model, version=version, since=day(seen), until=None)


def day(seen_until: str | None) -> dt.date | None:
    """The day before which the version has seen data; None when nothing says one.

    >>> day("2013-11-01")
    datetime.date(2013, 11, 1)
    >>> day("some day") is None
    True
    """
    try:
        return None if seen_until is None else dt.date.fromisoformat(seen_until)
    except ValueError:
        return None


def inputs(champion: Champion, project: Project) -> tuple[str, ...]:
    """The columns that the version takes, after loading it once, here: nothing was written yet.

    Errors: UnusableModel when it cannot be loaded; BrokenContract when it needs what the project has no more.
    """
    import mlflow.pyfunc

    uri = f"models:/{champion.model}/{champion.version}"
    try:
        loaded = mlflow.pyfunc.load_model(uri)
    except Exception as error:
        raise UnusableModel(
            f"{champion.model} version {champion.version} cannot be loaded: {type(error).__name__}: {error}."
            " Nothing was scored. Give the alias champion back to a version that loads (brickyard rollback)."
        ) from error
    columns: Sequence[Feature] = refer(project.workflow.features.columns)
    return chosen_inputs(f"{champion.model} version {champion.version}", wanted(loaded.metadata), columns)


def wanted(metadata: Any) -> dict[str, bool] | None:
    """The columns of a model's signature, and whether each is required; None when it has none by name."""
    schema = metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        return None
    return {column.name: bool(column.required) for column in schema.inputs}


def chosen_inputs(who: str, signature: Mapping[str, bool] | None, columns: Sequence[Feature]) -> tuple[str, ...]:
    """The project's columns that the model takes, in the model's order: an earlier champion may know fewer.

    Errors: BrokenContract naming the required columns that the project does not have.
    """
    names = [column.name for column in columns]
    if signature is None:
        return tuple(names)
    missing = [name for name, required in signature.items() if required and name not in names]
    if missing:
        raise BrokenContract(
            f"{who} needs {', '.join(missing)}, which the project's features do not have any more."
            " Train and deploy a version for the features of now, or bring the columns back."
        )
    return tuple(name for name in signature if name in names)
