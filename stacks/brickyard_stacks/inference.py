"""The tasks of a project's inference job: score, join labels that came, measure, and train again when it must be."""

from brickyard_constructs.jobs import WheelTask
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.workflow import step_parameters, steps_there_are

STEPS = (
    "ingest",
    "features",
    "publish_online",
    "batch_inference",
    "unpack_payloads",
    "join_labels",
    "monitor",
    "trigger_retraining",
)
# What a run is given; `land_until` is looked at by projects that replay their source.
PARAMETERS = {"land_until": ""}


def inference_tasks(names: ProjectNames) -> tuple[WheelTask, ...]:
    """One after the other: drift is that of rows just scored, and a decision is about metrics of now."""
    steps = steps_there_are(names, STEPS)
    return tuple(
        WheelTask(key=step, parameters=_parameters(names, step), after=steps[index - 1 : index] if index else ())
        for index, step in enumerate(steps)
    )


def _parameters(names: ProjectNames, step: str) -> tuple[str, ...]:
    parameters = (*step_parameters(names), "--land-until", "{{job.parameters.land_until}}")
    return (*parameters, "--train-job", names.job) if step == "trigger_retraining" else parameters
