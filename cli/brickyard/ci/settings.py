"""`ci/release.yaml`: what the pipelines must know beside the environments. Nothing in it is secret."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from brickyard.errors import WrongReleaseSettings
from brickyard_stacks.settings import Environment, environment_file, load_environment
from brickyard_stacks.settings.document import read_document
from brickyard_stacks.settings.load import parse
from brickyard_stacks.settings.strict import Broken, Form, Kebab, Strict, Text, Uuid

SETTINGS = "ci/release.yaml"
Platform = Literal["azure-devops", "github"]
# Where each way to sign in to Databricks works without a stored secret.
SIGN_INS: dict[str, tuple[Platform, ...]] = {
    "azure-cli": ("azure-devops", "github"),
    "azure-devops-oidc": ("azure-devops",),
    "github-oidc": ("github",),
}
PublicKey = Annotated[
    str, Field(pattern=r"^age1[02-9ac-hj-np-z]{58}$"), Form("a public key of age: age1 and 58 characters")
]
Version = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,2}$"), Form('a version in quotes, such as "1.11.4"')]
Cron = Annotated[str, Field(pattern=r"^[0-9*,/-]+( [0-9*,/-]+){4}$"), Form("five fields of cron, in UTC")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$"), Form("the ARN of a role")]


class AzureConnections(Strict):
    """Service connections of Azure DevOps, by federation: of AWS where the state is in S3, else of Azure."""

    plan: Text = Field(description="its name; may read the state")
    apply: Text = Field(description="its name; may write the state and read the plan key; approvals and branch control")


class AzureLogins(Strict):
    """Federated applications of Entra ID that GitHub's jobs sign in as."""

    tenant: Uuid
    subscription: Uuid
    plan: Uuid = Field(description="the client id; may read the state")
    apply: Uuid = Field(description="the client id; may write the state and read the plan key")


class AwsRoles(Strict):
    """Roles of AWS that jobs take by federation."""

    region: Kebab
    plan: RoleArn = Field(description="may read the state")
    apply: RoleArn = Field(description="may write the state and read the plan key")


class Released(Strict):
    """One environment of the chain."""

    name: Kebab = Field(description="as in environments/")
    recipient: PublicKey = Field(description="whom plans are sealed for: the public half of `brickyard plan-key`")
    key_command: Text = Field(description="prints the secret half, in the applying job only; a vault's client")
    azure_devops: AzureConnections | None = None
    azure: AzureLogins | None = Field(default=None, description="for GitHub, where state or sign-in are Azure's")
    aws: AwsRoles | None = Field(default=None, description="for GitHub, where the state is in S3")
    parts: Annotated[tuple[Literal["platform", "projects"], ...], Field(strict=False, min_length=1)] = (
        "platform",
        "projects",
    )


class Release(Strict):
    """The chain, in the order in which a commit goes through it."""

    terraform: Version = Field(description="the same in every job: another one may read a saved plan otherwise")
    python: Version
    node: Version
    main: Text = Field(default="main", description="the branch that is released")
    drift_at: Cron = Field(default="17 3 * * *", description="when drift is looked for")
    environments: Annotated[tuple[Released, ...], Field(strict=False, min_length=1)]

    def broken_rules(self) -> Iterable[Broken]:
        """No environment twice."""
        names = [each.name for each in self.environments]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Broken(key=("environments", index, "name"), rule="an environment stands in the chain once")


# What one platform deploys, in order.
Chain = Sequence[tuple[Released, Environment]]


def load_release(root: Path) -> Release:
    """Errors: InvalidSettings, naming every problem with its file, line, key, rule and fix."""
    return parse(read_document(root / SETTINGS), Release)


def chain_of(root: Path, release: Release, platform: Platform) -> list[tuple[Released, Environment]]:
    """The environments that a platform deploys, in order.

    Errors: WrongReleaseSettings, for one that a pipeline could only sign in to by a secret or not at all.
    """
    loaded = [
        (each, load_environment(environment_file(root, {"BRICKYARD_ENV": each.name}))) for each in release.environments
    ]
    chain = []
    for released, environment in loaded:
        kinds = {environment.workspace.auth.type, environment.platform_auth.type}
        if odd := sorted(kinds - SIGN_INS.keys()):
            raise WrongReleaseSettings(
                f"{SETTINGS}: {released.name} signs in by {', '.join(odd)}, which a pipeline could only do with a "
                f"stored secret. In environments/{released.name}.yaml take one of {', '.join(sorted(SIGN_INS))}."
            )
        if all(platform in SIGN_INS[kind] for kind in kinds):
            _check(released, environment, platform)
            chain.append((released, environment))
    return chain


def _check(released: Released, environment: Environment, platform: Platform) -> None:
    by_az = "azure-cli" in (environment.workspace.auth.type, environment.platform_auth.type)
    needs_azure = environment.state.backend == "azurerm" or by_az
    missing = ""
    if platform == "azure-devops" and by_az and environment.state.backend == "s3":
        raise WrongReleaseSettings(
            f"{SETTINGS}: {released.name} signs in to Databricks by the login of `az` and keeps its state in S3. A "
            "step of Azure DevOps takes one service connection, of Azure or of AWS. Keep the state in Azure Storage "
            f"(state.backend: azurerm in environments/{released.name}.yaml), or sign in by azure-devops-oidc."
        )
    if platform == "azure-devops" and environment.state.backend != "local" and released.azure_devops is None:
        missing = "azure_devops (plan and apply: names of service connections)"
    elif platform == "github" and needs_azure and released.azure is None:
        missing = "azure (tenant, subscription, and the client ids that plan and apply)"
    elif platform == "github" and environment.state.backend == "s3" and released.aws is None:
        missing = "aws (region, and the roles that plan and apply)"
    elif environment.state.backend == "local":
        raise WrongReleaseSettings(
            f"{SETTINGS}: the state of {released.name} is a file of one machine, which no pipeline has. Set "
            f"state.backend to s3 or azurerm in environments/{released.name}.yaml."
        )
    if missing:
        raise WrongReleaseSettings(f"{SETTINGS}: {released.name} needs {missing} to be deployed from {platform}.")
