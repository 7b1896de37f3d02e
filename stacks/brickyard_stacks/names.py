"""Every name that more than one part uses, in one place: stacks, jobs, models, endpoints, paths.

Stacks refer to each other's objects by these names, which are known at synthesis, and never by ids: so no stack
reads another one's state, and a plan of one works whatever the other's state is called.
"""

from dataclasses import dataclass

from brickyard_stacks.settings import Environment, Project

ALIAS = "champion"
LANDING_VOLUME = "landing"
ARTIFACTS_VOLUME = "artifacts"
EXPERIMENTS_FOLDER = "/Shared/brickyard"


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentNames:
    """The names of what an environment's projects share."""

    environment: str
    catalog: str

    @classmethod
    def of(cls, environment: Environment) -> "EnvironmentNames":
        """Take the names from the settings."""
        return cls(environment=environment.name, catalog=environment.catalog.name)

    @property
    def platform_stack(self) -> str:
        """The stack with the catalog, the groups and the service principals."""
        return f"{self.environment}-platform"

    @property
    def artifacts_folder(self) -> str:
        """The volume of wheels, as a path."""
        return f"/Volumes/{self.catalog}/models/{ARTIFACTS_VOLUME}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectNames:
    """The names of one project's objects in one environment."""

    shared: EnvironmentNames
    project: str
    slug: str

    @classmethod
    def of(cls, environment: Environment, project: Project) -> "ProjectNames":
        """Take the names from the settings."""
        return cls(shared=EnvironmentNames.of(environment), project=project.name, slug=project.slug)

    @property
    def project_stack(self) -> str:
        """The stack with the model, the experiment and the job."""
        return f"{self.shared.environment}-{self.slug}"

    @property
    def serving_stack(self) -> str:
        """The stack with the endpoint."""
        return f"{self.project_stack}-serving"

    @property
    def job(self) -> str:
        """The job is called as its stack is."""
        return self.project_stack

    @property
    def endpoint(self) -> str:
        """The endpoint is called as the project's stack is."""
        return self.project_stack

    @property
    def experiment(self) -> str:
        """The experiment's path in the workspace."""
        return f"{EXPERIMENTS_FOLDER}/{self.project_stack}"

    @property
    def model_schema(self) -> str:
        """The schema of registered models."""
        return "models"

    @property
    def model(self) -> str:
        """The registered model's three-level name."""
        return f"{self.shared.catalog}.{self.model_schema}.{self.project}"

    @property
    def wheels_folder(self) -> str:
        """Where the project's wheels are uploaded, as a path."""
        return f"{self.shared.artifacts_folder}/{self.project}"
