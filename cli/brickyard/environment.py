"""The environment that a command is for, its projects, and the names that follow from both."""

from dataclasses import dataclass

from brickyard.clone import Clone
from brickyard_stacks.names import EnvironmentNames, ProjectNames
from brickyard_stacks.settings import environment_file, load_environment, load_project, project_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names that an environment and its projects give to stacks and objects."""

    shared: EnvironmentNames
    projects: tuple[ProjectNames, ...]

    @property
    def stacks(self) -> tuple[str, ...]:
        """Every stack, in the order in which they are deployed."""
        of_projects = (stack for p in self.projects for stack in p.stacks)
        return (self.shared.platform_stack, *of_projects)


def names_of(clone: Clone, environment_name: str) -> Names:
    """Errors: UnknownEnvironment, InvalidSettings, as `brickyard_stacks` raises them."""
    environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment_name}))
    projects = [load_project(path) for path in project_files(clone.root)]
    return Names(
        shared=EnvironmentNames.of(environment),
        projects=tuple(ProjectNames.of(environment, project) for project in projects),
    )
