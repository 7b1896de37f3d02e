"""The registry of names: what more than one part uses is named here, and nowhere else.

Stacks, state keys, jobs, models, endpoints, paths. Stacks refer to each other's objects by these names, which are
known at synthesis, and never by ids: so no stack reads another one's state, and a plan of one works before the other
is applied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings import Environment, Project
from brickyard_stacks.settings.state import LocalState

ALIAS = "champion"
LANDING_VOLUME = "landing"
ARTIFACTS_VOLUME = "artifacts"
MODELS_SCHEMA = "models"
PAYLOADS_SCHEMA = "payloads"
METRICS_SCHEMA = "metrics"
# Left behind by no environment, project or sandbox: none of their names holds a dot.
STATE_FILE = "{stack}.tfstate"


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentNames:
    """The names of what an environment's projects share."""

    environment: str
    catalog: str
    prefix: str
    deployer: str
    folder: str | None = None

    @classmethod
    def of(cls, environment: Environment) -> "EnvironmentNames":
        """Take the names from the settings."""
        return cls(
            environment=environment.name,
            catalog=environment.catalog.name,
            prefix=environment.prefix,
            deployer=environment.deployer,
            folder=environment.workspace.folder,
        )

    @property
    def account_stack(self) -> str:
        """The stack that an account administrator applies."""
        return f"{self.environment}-account"

    @property
    def platform_stack(self) -> str:
        """The stack with what all projects share."""
        return f"{self.environment}-platform"

    @property
    def workspace_folder(self) -> str:
        """Where experiments and files stand, whoever deploys. In /Shared everybody could change them."""
        return self.folder or f"/Brickyard/{self.prefix}"

    @property
    def artifacts_folder(self) -> str:
        """The volume of wheels, as a path."""
        return f"/Volumes/{self.catalog}/{MODELS_SCHEMA}/{ARTIFACTS_VOLUME}"

    def shared(self, name: str) -> str:
        """An object of the whole workspace, metastore or account: the prefix keeps two environments apart."""
        return f"{self.prefix}-{name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectNames:
    """The names of one project's objects in one environment, or in one engineer's sandbox of it."""

    shared: EnvironmentNames
    project: str
    slug: str
    models: tuple[str, ...]
    endpoints: tuple[str, ...]
    monitored: bool = False
    sandbox: str | None = None
    online_store: str | None = None

    @classmethod
    def of(
        cls, environment: Environment, project: Project, *, sandbox: str | None = None, deployer: str | None = None
    ) -> "ProjectNames":
        """Take the names from the settings. `sandbox` is what it is called, and `deployer` then whose it is."""
        shared = EnvironmentNames.of(environment)
        return cls(
            shared=replace(shared, deployer=deployer) if deployer else shared,
            project=project.name,
            slug=project.slug,
            models=tuple(project.models),
            endpoints=tuple(project.endpoints),
            monitored=bool(project.deployment.monitors or project.deployment.alerts or project.deployment.dashboard),
            sandbox=sandbox,
            online_store=_online_store(environment, project),
        )

    @property
    def project_stack(self) -> str:
        """The stack with the models, the experiment and the jobs."""
        own = f"{self.shared.environment}-{self.slug}"
        return own if self.sandbox is None else f"{own}-{self.sandbox}"

    @property
    def serving_stack(self) -> str:
        """The stack with the endpoints."""
        return f"{self.project_stack}-serving"

    @property
    def monitoring_stack(self) -> str:
        """The stack with the monitors and alerts."""
        return f"{self.project_stack}-monitoring"

    @property
    def stacks(self) -> tuple[str, ...]:
        """The project's stacks, in the order in which they are deployed."""
        always = (self.project_stack, self.serving_stack)
        return (*always, self.monitoring_stack) if self.monitored else always

    @property
    def job(self) -> str:
        """The workflow's job is called as its stack is."""
        return self.project_stack

    def extra_job(self, name: str) -> str:
        """A job besides the workflow's."""
        return f"{self.project_stack}-{name}"

    @property
    def endpoint(self) -> str:
        """The endpoint that the workflow's `deploy` step moves: the project's first."""
        return self.endpoint_called(self.endpoints[0] if self.endpoints else self.slug)

    def endpoint_called(self, name: str) -> str:
        """An endpoint; the one that has the project's name is called as its stack is."""
        return self.project_stack if name == self.slug else f"{self.project_stack}-{name}"

    @property
    def workspace_folder(self) -> str:
        """Where the project's experiment and files stand; a sandbox has a folder in its owner's home."""
        if self.sandbox is None:
            return self.shared.workspace_folder
        return f"/Users/{self.shared.deployer}/brickyard-sandboxes/{self.project_stack}"

    @property
    def monitoring_folder(self) -> str:
        """Where the dashboards of monitors and the notebooks of what retrains stand."""
        return f"{self.workspace_folder}/{self.monitoring_stack}"

    @property
    def experiment(self) -> str:
        """The experiment's path in the workspace."""
        return f"{self.workspace_folder}/{self.project_stack}"

    @property
    def sandbox_schema(self) -> str | None:
        """The one schema of a sandbox: its models, volumes and tables are all in it."""
        return None if self.sandbox is None else f"{self.sandbox.replace('-', '_')}_{self.project}"

    @property
    def model_schema(self) -> str:
        """The schema of registered models."""
        return self.sandbox_schema or MODELS_SCHEMA

    @property
    def model(self) -> str:
        """The three-level name of the model that the workflow trains: the project's first."""
        return self.model_called(self.models[0] if self.models else self.project)

    def model_called(self, name: str) -> str:
        """A registered model's three-level name."""
        return f"{self.shared.catalog}.{self.model_schema}.{name}"

    def table(self, dotted: str) -> tuple[str, str, str]:
        """Catalog, schema and name of a table or volume that settings call `schema.name`."""
        schema, _, name = dotted.partition(".")
        if self.sandbox_schema is None:
            return self.shared.catalog, schema, name
        return self.shared.catalog, self.sandbox_schema, f"{schema}_{name}"

    @property
    def wheels_folder(self) -> str:
        """Where the project's wheels are uploaded, as a path."""
        if self.sandbox_schema is None:
            return f"{self.shared.artifacts_folder}/{self.project}"
        return f"/Volumes/{self.shared.catalog}/{self.sandbox_schema}/{ARTIFACTS_VOLUME}/{self.project}"


def online_store_name(environment: Environment, key: str) -> str:
    """What the database instance of a block of `compute.online_stores` is called in the workspace."""
    return environment.compute.online_stores[key].name or EnvironmentNames.of(environment).shared(key)


def _online_store(environment: Environment, project: Project) -> str | None:
    """None as well where the environment has no such store: it may be one that a path of promotion only names."""
    key = project.deployment.online_store
    return online_store_name(environment, key) if key in environment.compute.online_stores else None


def state_key(environment: Environment, stack: str) -> str:
    """Where a stack's state lies in its backend: a path of the file system, or the key of an object."""
    state = environment.state
    folder = state.path if isinstance(state, LocalState) else state.key_prefix
    return f"{folder}/{STATE_FILE.format(stack=stack)}"


def refuse_equal_names(environment: Environment, names: Sequence[ProjectNames]) -> None:
    """Every stack, and so every state, has one owner, and so has every model.

    A project called `platform`, or `churn_serving` beside `churn`, would have another stack's name and state.

    Errors: CannotBuildStacks, naming both owners.
    """
    shared = EnvironmentNames.of(environment)
    stacks = [(shared.account_stack, "the account"), (shared.platform_stack, "the platform")]
    # The monitoring stack's too, before there is one: a name must not become wrong by a setting elsewhere.
    stacks += [(s, f"the project {n.project}") for n in names for s in {*n.stacks, n.monitoring_stack}]
    _refuse_two_owners("stack", stacks)
    models = [(model, f"the project {n.project}") for n in names for model in map(n.model_called, n.models)]
    _refuse_two_owners("model", models)


def _refuse_two_owners(kind: str, owned: Iterable[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for name, owner in owned:
        if name in owners:
            message = f"the {kind} {name} would belong to {owners[name]} and to {owner}"
            raise CannotBuildStacks(f"{message}; rename the {'model' if kind == 'model' else 'project'}")
        owners[name] = owner
