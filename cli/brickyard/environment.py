"""The environment that a command is for, and the names that follow from it."""

from dataclasses import dataclass

from brickyard.clone import Clone
from brickyard.errors import UnknownEnvironment
from brickyard_stacks.settings import Environment, Project, load_environment, load_project


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectNames:
    """The names that a project's objects have in one environment."""

    project: str
    stack: str
    serving_stack: str
    job: str
    model: str
    endpoint: str
    experiment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names that an environment and its projects give to stacks and objects."""

    environment: Environment
    platform_stack: str
    projects: tuple[ProjectNames, ...]

    @property
    def stacks(self) -> tuple[str, ...]:
        """Every stack, in the order in which they are deployed."""
        built = (stack for p in self.projects for stack in (p.stack, p.serving_stack))
        return (self.platform_stack, *built)


def names_of(clone: Clone, environment_name: str) -> Names:
    """Errors: UnknownEnvironment; InvalidSettings from the settings themselves."""
    file = clone.root / "environments" / f"{environment_name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in file.parent.glob("*.yaml")))
        raise UnknownEnvironment(f"BRICKYARD_ENV is '{environment_name}'; environments/ has: {known}.")
    environment = load_environment(file)
    projects = [load_project(path) for path in sorted((clone.root / "projects").glob("*/project.yaml"))]
    return Names(
        environment=environment,
        platform_stack=f"{environment.name}-platform",
        projects=tuple(_project_names(environment, project) for project in projects),
    )


def _project_names(environment: Environment, project: Project) -> ProjectNames:
    slug = f"{environment.name}-{project.name.replace('_', '-')}"
    return ProjectNames(
        project=project.name,
        stack=slug,
        serving_stack=f"{slug}-serving",
        job=slug,
        model=f"{environment.catalog.name}.models.{project.name}",
        endpoint=slug,
        experiment=f"/Shared/brickyard/{slug}",
    )
