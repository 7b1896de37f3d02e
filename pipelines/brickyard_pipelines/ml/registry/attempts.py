"""Attempts at one recipe, or one copy: the version that one has registered, killed since or not, and what one left.

A run names its recipe from its beginning and its version at its end. In between it can be killed after the registry has
the version: that version is taken, and not made a second time. Runs that train one recipe at once, or copy one version,
agree on one.

Gaps: that two runs agree rests on the registry's lists showing a version as soon as its maker was answered. One that
took ten minutes for its files may come whole at the very moment at which another run stops waiting for it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from brickyard_pipelines.ml.registry import runs, versions
from brickyard_pipelines.ml.settings import StepSettings

_log = logging.getLogger(__name__)
FINGERPRINT, VERSION = "brickyard.fingerprint", "brickyard.model_version"
# The registry does not say who brings a version its files, or whether they live: only age tells. In a copy they go
# down and up again.
_FILES_TAKE_S = 600
_POLL_S = 5.0
_AT_WORK = ("RUNNING", "SCHEDULED")


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A version that is whole, and the run that registered it; `told` when that run ended and named it."""

    version: str
    run_id: str
    job_run: str
    told: bool


def agreed(client: MlflowClient, settings: StepSettings, made_from: str) -> Registered | None:
    """The version that every run of this recipe hands on: one that was handed on, else the first that was made.

    A run asks again when it has registered its own. Numbers only rise, so that of two the later one sees the earlier;
    an earlier one without files is waited for while its run may be at work, for ten minutes.
    """
    began = time.monotonic()
    while True:
        whole, under_way = _registered(client, settings, made_from)
        handed_on = [made for made in whole if made.told]
        first = min(handed_on or whole, key=lambda made: int(made.version), default=None)
        if first is None or first.told:
            return first
        waited_s = time.monotonic() - began
        before = [each for each in under_way if int(each.version) < int(first.version) and not _is_left(each, waited_s)]
        if not before:
            return first
        _log.info("%s version %s, of another run, has no files yet: waiting for it", settings.model, before[0].version)
        time.sleep(_POLL_S)


def _registered(
    client: MlflowClient, settings: StepSettings, made_from: str
) -> tuple[list[Registered], list[ModelVersion]]:
    """Whole versions of a recipe, and those to which runs that have not ended may be bringing files."""
    model, whole, under_way = settings.need("model"), list[Registered](), list[ModelVersion]()
    for run in runs.search(settings, {FINGERPRINT: made_from}):
        run_id, tags, ended = str(run.info.run_id), run.data.tags, run.info.status not in _AT_WORK
        for found in _of(client, model, run_id):
            version = str(found.version)
            if _is_whole(found):
                told = version == tags.get(VERSION) and run.info.status == "FINISHED"
                job_run = tags["brickyard.job_run_id"]
                whole.append(Registered(version=version, run_id=run_id, job_run=job_run, told=told))
            elif not ended:
                under_way.append(found)
    return whole, under_way


def describe(client: MlflowClient, model: str, version: str, origin: Mapping[str, str]) -> None:
    """Where a version came from, in its tags. What it says of itself already stays."""
    known = versions.find(client, model, version).tags or {}
    versions.tag(client, model, version, {key: value for key, value in origin.items() if key not in known})


def withdraw(client: MlflowClient, model: str, run: Run, version: str) -> None:
    """Take away what a run registered and nobody was told of, since another run's is handed on."""
    _delete_version(client, model, version)
    clear(client, model, run.info.experiment_id, run.info.run_id)


def clear(client: MlflowClient, model: str, experiment_id: str, run_id: str) -> None:
    """Take away what an attempt in this run left half made: versions without their files, models not registered."""
    for left in _of(client, model, run_id):
        if not _is_whole(left):
            _delete_version(client, model, str(left.version))
    for logged in client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'"):
        client.delete_logged_model(logged.model_id)


def copies_of(
    client: MlflowClient, model: str, source: str, tag: Mapping[str, str], *, mine: str | None = None
) -> list[str]:
    """Whole copies of a version, the oldest first: by where the registry says that they come from, or by our tag.

    `source` is the version's `models:/` URI, which is there before anybody could tag the copy. One without files may be
    another run's, who copies now: it is waited for, for ten minutes; what a kill left half copied is deleted then.
    Who has made a copy asks again with it as `mine`: of runs that copy at once all wait for the first, and take it.
    """
    began = time.monotonic()
    while True:
        whole, under_way = _copies(client, model, source, tag)
        ahead = [each for each in under_way if mine is None or int(each.version) < int(mine)]
        if not ahead or (whole and mine is None):
            return sorted(whole, key=int)
        waited_s = time.monotonic() - began
        left = [each for each in ahead if _is_left(each, waited_s)]
        for each in left:
            _delete_version(client, model, str(each.version))
        if len(left) == len(ahead):
            return sorted(whole, key=int)
        _log.info("%s version %s is a copy without files yet: waiting for it", model, ahead[0].version)
        time.sleep(_POLL_S)


def copied_once(client: MlflowClient, uri: str, model: str, known: Callable[[str | None], str | None]) -> str:
    """The copy that is there, or a new one of the version at `uri`; of runs that copy at once all take the first.

    `known` answers the copy to take, if there is one; it is asked again with our own, which is deleted when another's
    was begun before.
    """
    found = known(None)
    if found is not None:
        return found
    mine = str(client.copy_model_version(uri, model).version)
    taken = known(mine) or mine
    if taken != mine:
        _log.info("%s version %s was copied at the same time, and first: version %s is withdrawn", model, taken, mine)
        _delete_version(client, model, mine)
    return taken


def _copies(
    client: MlflowClient, model: str, source: str, tag: Mapping[str, str]
) -> tuple[list[str], list[ModelVersion]]:
    """Whole ones, and those that are not."""
    whole, halves = [], []
    for found in client.search_model_versions(f"name='{model}'"):
        version, is_of_source = str(found.version), str(found.source) == source
        if not _is_whole(found):
            halves += [found] if is_of_source else []
        elif is_of_source or tag.items() <= (versions.find(client, model, version).tags or {}).items():
            whole.append(version)
    return whole, halves


def _of(client: MlflowClient, model: str, run_id: str) -> list[ModelVersion]:
    """The versions of the model that a run registered. Unity Catalog filters by the run or by the name."""
    return [found for found in client.search_model_versions(f"run_id = '{run_id}'") if found.name == model]


def _is_whole(version: ModelVersion) -> bool:
    return str(version.status) == "READY"


def _is_left(version: ModelVersion, waited_s: float) -> bool:
    """Whether nobody is still bringing its files: it failed, or is as old as that takes, as far as its age is known."""
    created_s = int(version.creation_timestamp or 0) / 1000
    age_s = max(waited_s, time.time() - created_s if created_s else 0.0)
    return str(version.status) == "FAILED_REGISTRATION" or age_s >= _FILES_TAKE_S


def _delete_version(client: MlflowClient, model: str, version: str) -> None:
    try:
        client.delete_model_version(model, version)
    except MlflowException as error:
        if error.error_code != "PERMISSION_DENIED":
            raise
        _log.warning("%s version %s is of no use, and may not be deleted by this task: %s", model, version, error)
