"""What promoting by model, and approval, make of the workflow's tasks; and where a model may be copied from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from brickyard_constructs.jobs import Task, WheelTask
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import Environment, load_environment
from brickyard_stacks.settings.environment import metastore_of

# Where nobody trains by hand, an environment that the path forgets is a mistake.
_STRICT_STAGES = ("staging", "prod")
_TRAINS = ("train", "check_train")
_APPROVE = "approve"


@dataclass(frozen=True, kw_only=True, slots=True)
class Promoting:
    """The model that is copied up instead of trained, if one is, and whether somebody must approve."""

    source_model: str | None = None
    approved: bool = False


def promoting(deployment: ProjectDeployment) -> Promoting:
    """What the settings of project and environment say together; the stricter word on approval counts.

    Errors: CannotBuildStacks for a path that cannot be walked.
    """
    asked = deployment.project.deployment.promotion
    words = (asked.approval, deployment.environment.model_approval)
    return Promoting(source_model=_source_model(deployment), approved="required" in words and not deployment.sandbox)


def promoted_tasks(tasks: Iterable[WheelTask], chosen: Promoting) -> tuple[WheelTask, ...]:
    """The workflow's tasks with `copy_model` for `train` and `approve` before `deploy`, as chosen. Pure."""
    changed = tuple(tasks)
    if chosen.source_model is not None:
        changed = tuple(_copied(changed, chosen.source_model))
    return tuple(_approved(changed)) if chosen.approved else changed


def approvals_tried_once(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """An approval that fails waits for a person, and a retry would not."""
    return tuple(replace(task, max_retries=0) if task.key == _APPROVE else task for task in tasks)


def _copied(tasks: tuple[WheelTask, ...], source_model: str) -> Iterator[WheelTask]:
    for task in tasks:
        if task.key == "train":
            given = (*task.parameters, "--source-model", source_model)
            yield WheelTask(key="copy_model", parameters=given, after=task.after)
        elif task.key not in _TRAINS:
            after = tuple(dict.fromkeys("copy_model" if key in _TRAINS else key for key in task.after))
            yield replace(task, after=after, parameters=tuple(map(_of_the_copy, task.parameters)))


def _of_the_copy(parameter: str) -> str:
    for key in _TRAINS:
        parameter = parameter.replace(f"{{{{tasks.{key}.values.", "{{tasks.copy_model.values.")
    return parameter


def _approved(tasks: tuple[WheelTask, ...]) -> Iterator[WheelTask]:
    for task in tasks:
        if task.key == "deploy":
            given = (*task.parameters, "--approval", "required")
            yield WheelTask(key=_APPROVE, parameters=given, after=task.after)
            yield replace(task, parameters=given, after=(_APPROVE,))
        else:
            yield task


def _source_model(deployment: ProjectDeployment) -> str | None:
    """The model of the environment before this one on the path; None where this one trains."""
    asked, environment = deployment.project.deployment.promotion, deployment.environment
    if asked.by == "code" or deployment.sandbox is not None:
        return None
    where = f"project {deployment.project.name}: deployment.promotion.path"
    if environment.name not in asked.path:
        if environment.stage in _STRICT_STAGES:
            raise CannotBuildStacks(
                f"{where} is {' → '.join(asked.path)}, without {environment.name}: a model would be trained there,"
                " although models are promoted. Add it."
            )
        return None
    place = asked.path.index(environment.name)
    if place == 0:
        return None
    source = environment_of_path(deployment, where, asked.path[place - 1])
    require_one_metastore(environment, source, where)
    return ProjectNames.of(source, deployment.project).model


def environment_of_path(deployment: ProjectDeployment, where: str, name: str) -> Environment:
    """The settings of an environment that a path names. Errors: CannotBuildStacks."""
    file = deployment.root / "environments" / f"{name}.yaml"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.yaml"))) or "none"
        raise CannotBuildStacks(f"{where} names {name}, and there is no environments/{name}.yaml (there: {there})")
    return load_environment(file)


def require_one_metastore(environment: Environment, source: Environment, where: str) -> None:
    """Copying a version is a call within one metastore. Errors: CannotBuildStacks."""
    here, there = metastore_of(environment), metastore_of(source)
    if here != there:
        raise CannotBuildStacks(
            f"{where}: {environment.name} lies in the metastore {here}, {source.name} in {there}, and"
            " copy_model_version does not reach from one metastore into another. Promote by code there"
            " (deployment.promotion.by: code), which trains in each environment. If both do share a metastore, name"
            " it in both files: `metastore: NAME`."
        )
