"""An environment: one stage, cloud, region and workspace, and everything that differs between environments."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from brickyard_stacks.settings.auth import Auth
from brickyard_stacks.settings.principals import Groups, ServicePrincipals
from brickyard_stacks.settings.strict import Broken, Kebab, PathText, Snake, Strict, Tags, Text

Stage = Literal["local", "dev", "staging", "prod"]
Cloud = Literal["local", "aws", "azure", "gcp"]

# The bindings and the offline provider are made for this one; `local` must not move under them.
LOCAL_PROVIDER_VERSION = "1.99.0"
# 1.114.0 wrote states that later versions cannot read (provider's CHANGELOG, v1.115.0).
PROVIDER_RANGE = ">= 1.99.0, < 2.0.0, != 1.114.0"

_ONE_CONSTRAINT = r"(=|!=|>=?|<=?|~>)? ?[0-9]+(\.[0-9]+){0,2}"
VersionRange = Annotated[
    str,
    Field(
        pattern=rf"^{_ONE_CONSTRAINT}(, ?{_ONE_CONSTRAINT})*$",
        description='Terraform version constraints such as ">= 1.99.0, < 2.0.0"',
    ),
]


class Workspace(Strict):
    """The workspace an environment deploys to."""

    name: Kebab
    auth: Auth


class Binding(Strict):
    """Another workspace that may see the catalog; the one that creates it is bound by Databricks."""

    workspace_id: int = Field(gt=0, lt=2**63, description="the workspace's id, a positive whole number")
    access: Literal["read_only", "read_write"] = "read_only"


class Catalog(Strict):
    """The environment's catalog."""

    name: Snake
    isolation: Literal["ISOLATED", "OPEN"] = "ISOLATED"
    storage_root: Text | None = None
    bindings: tuple[Binding, ...] = Field(default=(), strict=False)

    def broken_rules(self) -> Iterable[Broken]:
        """Bindings are for isolated catalogs, one for each workspace."""
        if self.bindings and self.isolation != "ISOLATED":
            rule = "bindings need isolation ISOLATED: an OPEN catalog is seen by every workspace"
            yield Broken(key=("isolation",), rule=rule)
        if len({b.workspace_id for b in self.bindings}) != len(self.bindings):
            yield Broken(key=("bindings",), rule="each workspace_id stands once: keep one entry for each workspace")


class State(Strict):
    """Where Terraform keeps its state; a relative path is relative to the clone."""

    backend: Literal["local"]
    path: PathText


class Provider(Strict):
    """Which versions of the provider databricks/databricks may be used."""

    version: VersionRange


class Environment(Strict):
    """Everything the stacks need to know about one environment."""

    name: Kebab
    stage: Stage
    cloud: Cloud
    region: Kebab
    workspace: Workspace
    catalog: Catalog
    groups: Groups
    service_principals: ServicePrincipals
    deployer: Text = Field(description="the principal that runs Terraform: a user name or an application id")
    state: State
    provider: Provider
    deletion_protection: bool
    tags: Tags = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_stage(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        local = data.get("stage") == "local"
        version = LOCAL_PROVIDER_VERSION if local else PROVIDER_RANGE
        protected = data.get("stage") not in ("local", "dev")
        return {"provider": {"version": version}, "deletion_protection": protected} | data

    def broken_rules(self) -> Iterable[Broken]:
        """Rules between keys of an environment."""
        yield from self._rules_of_local()
        if self.stage in ("staging", "prod") and not self.deletion_protection:
            rule = "may be false for the stages local and dev only"
            yield Broken(key=("deletion_protection",), rule=rule)
        for role, group in self.groups:
            if group.create and self.stage != "local":
                rule = "may be true for the stage local only: account groups come from the identity provider"
                yield Broken(key=("groups", role, "create"), rule=rule)

    def _rules_of_local(self) -> Iterable[Broken]:
        if (self.stage == "local") != (self.cloud == "local"):
            yield Broken(key=("cloud",), rule="stage and cloud are both local, or neither is")
        if self.stage == "local" and self.workspace.auth.type != "profile":
            rule = "the stage local signs in with type profile: the local workspace writes the profile"
            yield Broken(key=("workspace", "auth", "type"), rule=rule)
        if self.stage == "local" and self.provider.version != LOCAL_PROVIDER_VERSION:
            rule = f"the stage local uses exactly {LOCAL_PROVIDER_VERSION}"
            yield Broken(key=("provider", "version"), rule=rule)
