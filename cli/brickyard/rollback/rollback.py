"""Find the model and its endpoints by the settings' names, and take both back."""

import datetime as dt
from dataclasses import dataclass

from databricks.sdk.errors.base import DatabricksError

from brickyard.clone import Clone
from brickyard.errors import CannotRollBack, in_one_line
from brickyard.rollback.registry import RestRegistry
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.registry import rollback
from brickyard_pipelines.ml.registry.rollback import Word
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import Project, environment_file, load_environment, load_project, project_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line says; None stands for its default."""

    project: str | None
    environment: str
    to: str | None
    reason: str
    model: str | None
    sandbox: str | None
    unvalidated: bool


def roll_back(clone: Clone, screen: Screen, asked: Asked) -> None:
    """Alias and endpoints of a model to an earlier version.

    Errors: CannotRollBack, CannotSignIn, InvalidSettings.
    """
    environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": asked.environment}))
    project = chosen_project(clone, asked.project)
    names = ProjectNames.of(environment, project, sandbox=asked.sandbox)
    short = chosen_model(project, asked.model)
    model = names.model_called(short)
    client = workspace_client(clone, environment)
    served = [names.endpoint_called(name) for name, endpoint in project.endpoints.items() if endpoint.model == short]
    registry = RestRegistry(client)
    try:
        found = rollback.plan(registry, model, to=asked.to, unvalidated=asked.unvalidated)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        word = Word(who=str(client.current_user.me().user_name), when=now, why=asked.reason)
        with screen.step(f"Take {model} back to version {found.to}") as step:
            rollback.carry_out(registry, client.serving_endpoints, found, served, word, step.say)
            left = f", was {found.withdrawn}" if found.withdrawn else ", as it was"
            step.done(f"champion is version {found.to}{left}; endpoints: {', '.join(served) or 'none'}")
    except PipelineError as error:
        raise CannotRollBack(str(error)) from error
    except DatabricksError as error:
        raise CannotRollBack(
            f"{model}: {in_one_line(error)} It takes the model's owner (or MANAGE) to move its alias, and CAN_MANAGE"
            " on the endpoints. Run the same command again: it goes on from here."
        ) from error


def chosen_project(clone: Clone, name: str | None) -> Project:
    """The project of that name, or the only one. Errors: CannotRollBack."""
    files = {path.parent.name: path for path in project_files(clone.root)}
    if name is None and len(files) == 1:
        name = next(iter(files))
    if name is None or name not in files:
        asked = "which project?" if name is None else f"there is no project {name}."
        raise CannotRollBack(f"{asked} There are: {', '.join(sorted(files)) or 'none'}.")
    return load_project(files[name])


def chosen_model(project: Project, name: str | None) -> str:
    """The model of that name, or the project's first, which its workflow trains. Errors: CannotRollBack."""
    if name is None and project.models:
        return next(iter(project.models))
    if name is None or name not in project.models:
        there = ", ".join(project.models) or "none"
        raise CannotRollBack(f"{project.name} has no model {name or 'at all'}. There are: {there}.")
    return name
