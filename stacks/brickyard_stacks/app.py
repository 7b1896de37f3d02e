"""From settings to an App: one environment, its platform, and every project's two stacks."""

from collections.abc import Sequence
from pathlib import Path

from cdktf import App

from brickyard_constructs.errors import ConstructsError
from brickyard_stacks.artifacts import build_wheel
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.names import EnvironmentNames, ProjectNames
from brickyard_stacks.platform import PlatformStack
from brickyard_stacks.project import ProjectStack
from brickyard_stacks.serving import ServingStack
from brickyard_stacks.settings import Environment, Project

_WHEELS = Path(".brickyard/cache/wheels")


def build_app(environment: Environment, projects: Sequence[Project], *, root: Path, outdir: str | None = None) -> App:
    """Build every stack of an environment.

    Errors: CannotBuildWheel, CannotBuildStacks.
    """
    app = App(outdir=outdir)
    try:
        _build_stacks(app, environment, projects, root)
    except ConstructsError as error:
        raise CannotBuildStacks(f"environment {environment.name}: {error}") from error
    return app


def _build_stacks(app: App, environment: Environment, projects: Sequence[Project], root: Path) -> None:
    _refuse_equal_names(environment, projects)
    platform = PlatformStack(app, environment, root=root)
    pipelines = build_wheel(root / "pipelines", root / _WHEELS)
    for project in projects:
        code = build_wheel(root / "projects" / project.name, root / _WHEELS)
        stack = ProjectStack(app, environment, project, wheels=(pipelines, code), root=root)
        stack.add_dependency(platform)
        serving = ServingStack(app, environment, project, root=root)
        serving.add_dependency(stack)


def _refuse_equal_names(environment: Environment, projects: Sequence[Project]) -> None:
    """A project called `platform`, or `churn_serving` beside `churn`, would have another stack's name and state."""
    owners = {EnvironmentNames.of(environment).platform_stack: "the platform"}
    for project in projects:
        names = ProjectNames.of(environment, project)
        for stack in (names.project_stack, names.serving_stack):
            if stack in owners:
                message = f"the stack {stack} would belong to {owners[stack]} and to the project {project.name}"
                raise CannotBuildStacks(f"{message}; rename the project")
            owners[stack] = f"the project {project.name}"
