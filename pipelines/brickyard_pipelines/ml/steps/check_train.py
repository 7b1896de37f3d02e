"""check_train: which version the team's own training registered, whether it can be used, and from which run it is."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from brickyard_pipelines import task_values
from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.code import trained_from
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.registry import handover
from brickyard_pipelines.ml.registry.existing import existing
from brickyard_pipelines.ml.registry.handover import Made
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)
_JOB_RUN = "brickyard.job_run_id"
_VERSION_TAG = "brickyard_job_run_id"  # Unity Catalog takes no dots in tags of versions
_TASK = "train"


def main() -> None:
    """The task's entry point."""
    entry.run("check_train", check_train)


def check_train(settings: StepSettings, project: Project) -> None:
    """Find the version, check it, tag it as ours are tagged, and hand it on.

    Errors: UnclearVersion, BrokenContract.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    client, model = MlflowClient(), settings.need("model")
    version = settings.model_version or found(client, settings)
    run_id = check(client, model, version)
    tags = {
        "trained_by_run": run_id,
        "trained_by_job_run": settings.job_run_id or "by hand",
        "trained_by": f"{project.name}: the team's own training",
        "reason": settings.reason or "by hand or schedule",
        "validation_status": "PENDING",
        **trained_from(settings.commit),
    }
    versions.tag(client, model, version, tags)
    _log.info("%s version %s of run %s is handed on", model, version, run_id)
    task_values.hand_on("model_version", version, job_run_id=settings.job_run_id)


def found(client: "MlflowClient", settings: StepSettings) -> str:
    """The version that the step before registered. Errors: UnclearVersion."""
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need

    model = settings.need("model")
    said = task_values.handed_on(_TASK, "model_version", job_run_id=settings.job_run_id)
    began = began_ms(WorkspaceClient(), int(settings.job_run_id)) if settings.job_run_id else None
    made = [_made(client, model, version, began) for version in _listed(client, model)]
    return handover.version_of(model, made, said=said, job_run_id=settings.job_run_id, began_ms=began)


def began_ms(workspace: "WorkspaceClient", job_run_id: int) -> int | None:
    """When the task `train` of the job's run was first started; attempts before a repair count as well."""
    tasks = workspace.jobs.get_run(job_run_id, include_history=True).tasks or []
    starts = [task.start_time for task in tasks if task.task_key == _TASK and task.start_time]
    return min(starts) if starts else None


def check(client: "MlflowClient", model: str, version: str) -> str:
    """What every later step relies on: a finished version of a run, that says what it takes and answers.

    Returns the run. Errors: BrokenContract, with everything that is missing.
    """
    import mlflow.models

    facts = client.get_model_version(model, version)
    wrong = [] if str(facts.status) == "READY" else [f"its status is {facts.status}, not READY"]
    if not facts.run_id:
        wrong.append("it names no run: register it from within mlflow.start_run")
    signature = mlflow.models.get_model_info(f"models:/{model}/{version}").signature
    if signature is None or not signature.inputs or not signature.outputs:
        wrong.append("its signature has no inputs or no outputs: log it with signature or input_example")
    if wrong:
        raise BrokenContract(f"{model} version {version} cannot be handed on: {'; '.join(wrong)}.")
    return str(facts.run_id)


def _listed(client: "MlflowClient", model: str) -> Iterator[Any]:
    page = client.search_model_versions(f"name='{model}'")
    yield from page
    while page.token:
        page = client.search_model_versions(f"name='{model}'", page_token=page.token)
        yield from page


def _made(client: "MlflowClient", model: str, listed: Any, began: int | None) -> Made:
    """One version as a fact. Only one of this run is asked for its tags: Unity Catalog lists versions without them."""
    version, created_ms = str(listed.version), int(listed.creation_timestamp)
    is_ours = began is not None and created_ms >= began
    return Made(
        version=version, created_ms=created_ms, job_run_id=_named_by(client, model, version) if is_ours else None
    )


def _named_by(client: "MlflowClient", model: str, version: str) -> str | None:
    """The job run that the version's tag, or its run's, names."""
    facts = client.get_model_version(model, version)
    on_version: str | None = facts.tags.get(_VERSION_TAG)
    if on_version or not facts.run_id:
        return on_version
    run = existing(lambda: client.get_run(str(facts.run_id)))
    on_run: str | None = None if run is None else run.data.tags.get(_JOB_RUN)
    return on_run
