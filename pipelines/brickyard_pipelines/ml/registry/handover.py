"""Which model version a team's own training registered. Pure: what is known comes as facts."""

from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_pipelines.errors import UnclearVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A version of the model: when it was registered, and the job run that it or its run names."""

    version: str
    created_ms: int
    job_run_id: str | None = None


def version_of(model: str, made: Sequence[Made], *, said: str, job_run_id: str | None, began_ms: int | None) -> str:
    """The one version that the step before registered: never the newest of all.

    By the task value that the step set (`said`); else by the job run that the version or its run names in a tag;
    else the only one that was registered since the step began.

    Errors: UnclearVersion, when there is none, or more than one.

    >>> made = [Made(version="1", created_ms=10), Made(version="2", created_ms=20, job_run_id="7")]
    >>> version_of("m", made, said="", job_run_id="7", began_ms=5)
    '2'
    >>> version_of("m", made, said="", job_run_id="8", began_ms=15)
    '2'
    """
    if said:
        if said not in {one.version for one in made}:
            raise UnclearVersion(
                f"train set the task value model_version to {said!r}, and {model} has no such version."
            )
        return said
    tagged = [one.version for one in made if job_run_id is not None and one.job_run_id == job_run_id]
    since = [one.version for one in made if began_ms is not None and one.created_ms >= began_ms]
    found, how = (tagged, f"tagged with job run {job_run_id}") if tagged else (since, "registered since train began")
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnclearVersion(
            f"train ended, and no version of {model} was {how}. Register one under this name (the placeholder $model"
            " of the step's parameters), in the run's own workspace and catalog."
        )
    raise UnclearVersion(
        f"{len(found)} versions of {model} were {how}: {', '.join(sorted(found, key=int))}. Say which one: set the task"
        " value model_version in train, or tag the version (brickyard_job_run_id) or its run (brickyard.job_run_id)."
    )
