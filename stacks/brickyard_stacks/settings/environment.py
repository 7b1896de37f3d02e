"""An environment: one stage, cloud, region and workspace, and everything that differs between environments."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from brickyard_stacks.settings.auth import Auth
from brickyard_stacks.settings.catalog import Catalog
from brickyard_stacks.settings.compute import Compute
from brickyard_stacks.settings.deployment.promotion import Approval
from brickyard_stacks.settings.network import Network
from brickyard_stacks.settings.operations import Budget, Notifications
from brickyard_stacks.settings.principals import Groups, ServicePrincipals
from brickyard_stacks.settings.rules import rules_of
from brickyard_stacks.settings.secrets import Secrets
from brickyard_stacks.settings.stages import LOCAL_PROVIDER_VERSION, PROVIDER_RANGE, Cloud, Stage
from brickyard_stacks.settings.state import State
from brickyard_stacks.settings.storage import Storage
from brickyard_stacks.settings.strict import Broken, Form, Kebab, PathText, Snake, Strict, Tags, Text, rules_of_tags
from brickyard_stacks.settings.workspace import Account, Applier, Platform, Workspace

_ONE_CONSTRAINT = r"(=|!=|>=?|<=?|~>)? ?[0-9]+(\.[0-9]+){0,2}"
VersionRange = Annotated[
    str,
    Field(pattern=rf"^{_ONE_CONSTRAINT}(, ?{_ONE_CONSTRAINT})*$"),
    Form('Terraform version constraints such as ">= 1.99.0, < 2.0.0"'),
]


class Provider(Strict):
    """Which versions of the provider databricks/databricks may be used."""

    version: VersionRange = Field(description="constraints, as in required_providers")


def _provider(given: dict[str, Any]) -> Provider:
    return Provider(version=LOCAL_PROVIDER_VERSION if given["stage"] == "local" else PROVIDER_RANGE)


def _prefix(given: dict[str, Any]) -> str:
    name: str = given["name"]
    return name


def _schedules(given: dict[str, Any]) -> Literal["running", "paused"]:
    return "running" if given["stage"] == "prod" else "paused"


def _protection(given: dict[str, Any]) -> bool:
    return given["stage"] in ("staging", "prod")


def _approval(given: dict[str, Any]) -> Approval:
    return "required" if given["stage"] == "prod" else "automatic"


class Environment(Strict):
    """Everything the stacks need to know about one environment."""

    name: Kebab = Field(description="as the file is called")
    stage: Stage = Field(description="which defaults and rules hold: local, dev, staging or prod")
    cloud: Cloud = Field(description="local, aws, azure or gcp; local goes with the stage local")
    region: Kebab = Field(description="the cloud's own word, such as westeurope or us-east-1")
    workspace: Workspace
    account: Account | None = Field(
        default=None, description="the account above the workspace; absent: no account stack"
    )
    metastore: Kebab | None = Field(
        default=None, description="its metastore's name, where it is not the one of its cloud and region"
    )
    prefix: Kebab = Field(
        default_factory=_prefix, description="begins names that must be unique in a metastore or account"
    )
    catalog: Catalog
    storage: dict[Kebab, Storage] = Field(default={}, description="storage outside the metastore's own, by name")
    groups: Groups
    service_principals: ServicePrincipals
    deployer: Text = Field(description="the principal that runs Terraform: a user name or an application id")
    platform: Platform | None = Field(
        default=None, description="who applies the platform's stack; absent: the deployer, as the projects'"
    )
    deployers: dict[Snake, Applier] = Field(
        default={}, description="who applies a project's stacks, by the project's name; default: the deployer"
    )
    state: State
    provider: Provider = Field(default_factory=_provider)
    compute: Compute = Field(default_factory=Compute)
    network: Network = Field(default_factory=Network)
    secrets: Secrets = Field(default_factory=Secrets)
    schedules: Literal["running", "paused"] = Field(
        default_factory=_schedules, description="whether what jobs and monitors plan happens by itself"
    )
    notifications: Notifications = Field(default_factory=Notifications)
    model_approval: Approval = Field(
        default_factory=_approval, description="whether somebody must approve a model before it is deployed here"
    )
    deletion_protection: bool = Field(
        default_factory=_protection, description="whether Terraform refuses to delete what holds data"
    )
    prices: PathText | None = Field(default=None, description="a price file for the estimate; default: the example's")
    budget: Budget | None = None
    tags: Tags = Field(default={}, description="on everything that takes tags; owner and cost_center are expected")

    @property
    def administrator(self) -> str:
        """Who applies the platform's stack."""
        return self.deployer if self.platform is None else self.platform.deployer

    @property
    def platform_auth(self) -> Auth:
        """How the one who applies the platform's stack signs in."""
        return self.workspace.auth if self.platform is None else self.platform.auth

    @property
    def appliers(self) -> tuple[str, ...]:
        """Everybody who applies a stack of the environment, each once."""
        of_projects = (each.deployer for each in self.deployers.values())
        return tuple(dict.fromkeys((self.deployer, self.administrator, *of_projects)))

    def of_project(self, project: str) -> "Environment":
        """The environment as who applies a project's stacks has it: with its own deployer and sign-in."""
        applier = self.deployers.get(project)
        if applier is None:
            return self
        platform = self.platform or Platform.model_construct(deployer=self.deployer, auth=self.workspace.auth)
        workspace = self.workspace.model_copy(update={"auth": applier.auth})
        return self.model_copy(update={"deployer": applier.deployer, "workspace": workspace, "platform": platform})

    @property
    def account_id(self) -> str | None:
        """The account's id, where the settings know it."""
        return self.workspace.account_id if self.account is None else self.account.id

    def broken_rules(self) -> Iterable[Broken]:
        """Rules between keys of an environment."""
        return [*rules_of_tags(self.tags), *rules_of(self)]


def metastore_of(environment: Environment) -> str:
    """Which metastore an environment is in: a region of a cloud has one, unless it is named."""
    return environment.metastore or f"of {environment.cloud} {environment.region}"
