"""The tasks of a project's job. Each is an entry point of the pipelines wheel, in this order."""

from brickyard_constructs.jobs import WheelTask
from brickyard_stacks.names import ProjectNames

PACKAGE = "brickyard_pipelines"
STEPS = ("ingest", "features", "train", "validate", "deploy", "batch_inference")
# These look at the version that `train` registered in the same run, not at the newest of all.
_NEED_THE_VERSION = ("validate", "deploy")


def workflow_tasks(names: ProjectNames) -> tuple[WheelTask, ...]:
    """The six tasks, one after the other."""
    tasks = []
    for index, step in enumerate(STEPS):
        parameters = step_parameters(names)
        if step in _NEED_THE_VERSION:
            parameters = (*parameters, "--model-version", "{{tasks.train.values.model_version}}")
        tasks.append(WheelTask(key=step, parameters=parameters, after=STEPS[index - 1 : index] if index else ()))
    return tuple(tasks)


def step_parameters(names: ProjectNames) -> tuple[str, ...]:
    """The arguments that every step takes."""
    arguments = {
        "project": names.project,
        "catalog": names.shared.catalog,
        "experiment": names.experiment,
        "model": names.model,
        "endpoint": names.endpoint,
        "job-run-id": "{{job.run_id}}",
    }
    if names.sandbox_schema is not None:
        arguments["sandbox-schema"] = names.sandbox_schema
    return tuple(part for name, value in arguments.items() for part in (f"--{name}", value))
