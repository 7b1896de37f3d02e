"""The tasks of a project's job: entry points of the pipelines wheel, or the team's own work in their place."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from brickyard_constructs.jobs import WheelTask
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings.deployment.steps import PUBLISHES, OwnStep

PACKAGE = "brickyard_pipelines"
STEPS = ("ingest", "features", "publish_online", "train", "validate", "deploy", "batch_inference")
# What a run is given; `land_until` is looked at by projects that replay their source.
PARAMETERS = {"reason": "", "land_until": ""}
# After these a step of ours looks at what the team's own one left, before the next one builds on it.
_CHECKED = ("features", "train")
# These look at the version that `train` registered in the same run, not at the newest of all.
_NEED_THE_VERSION = ("validate", "deploy")
_MAKE_A_VERSION = ("train", "check_train")


def workflow_tasks(
    names: ProjectNames, own: Mapping[str, OwnStep] | None = None, *, has_features: bool = True
) -> tuple[WheelTask, ...]:
    """The tasks, one after the other; those that the team does itself stand here by their keys and order."""
    steps, before = own or {}, ""
    tasks: list[WheelTask] = []
    for key in _keys(names, steps, has_features=has_features):
        parameters = (*step_parameters(names), *_given_by_the_run())
        if key in _NEED_THE_VERSION:
            parameters = (*parameters, "--model-version", version_of(steps))
        tasks.append(WheelTask(key=key, parameters=parameters, after=(before,) if before else ()))
        before = key
    return tuple(tasks)


def told_of_commit(tasks: Iterable[WheelTask], commit: str | None) -> tuple[WheelTask, ...]:
    """The tasks, those that make a version with the commit of its code."""
    given = () if commit is None else ("--commit", commit)
    return tuple(
        replace(task, parameters=(*task.parameters, *given)) if task.key in _MAKE_A_VERSION else task for task in tasks
    )


def version_of(own: Mapping[str, OwnStep]) -> str:
    """A reference to the version that this run made."""
    return f"{{{{tasks.{'check_train' if 'train' in own else 'train'}.values.model_version}}}}"


def _keys(names: ProjectNames, own: Mapping[str, OwnStep], *, has_features: bool) -> list[str]:
    """The tasks there are. A table that others fill, outside of this job, is looked at as well."""
    keys: list[str] = []
    for step in steps_there_are(names, STEPS):
        replaced = own.get(step)
        if replaced is None or not replaced.skip:
            keys.append(step)
        if replaced is not None and step in _CHECKED and (has_features or step != "features"):
            keys.append(f"check_{step}")
    return keys


def steps_there_are(names: ProjectNames, steps: Iterable[str]) -> tuple[str, ...]:
    """The steps of a job; nothing is published where the project has no online store."""
    return tuple(step for step in steps if step != PUBLISHES or names.online_store is not None)


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
    if names.online_store is not None:
        arguments["online-store"] = names.online_store
    return tuple(part for name, value in arguments.items() for part in (f"--{name}", value))


def _given_by_the_run() -> tuple[str, ...]:
    return tuple(
        part for name in PARAMETERS for part in (f"--{name.replace('_', '-')}", f"{{{{job.parameters.{name}}}}}")
    )
