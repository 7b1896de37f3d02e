"""Who acts in an environment, by role."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from brickyard_stacks.settings.ownership import Referred
from brickyard_stacks.settings.strict import Broken, Form, Strict, Text, Texts, Uuid

Role = Literal["data_scientists", "ml_engineers", "approvers", "consumers", "run_as", "plan", "ci", "deployer"]

_RETIRED = {
    "create": "its name is ownership now: `create: true` is `ownership: create`, `create: false` is `reference`"
}


class Group(Referred):
    """An account group: the identity provider's, or made or adopted by us."""

    retired: ClassVar[dict[str, str]] = _RETIRED
    imported_by_name: ClassVar[bool] = False

    name: Text = Field(description="as the account has it")


class Groups(Strict):
    """The account groups of an environment, by role."""

    data_scientists: Group
    ml_engineers: Group
    approvers: Group
    consumers: Group


Issuer = Annotated[
    str, Field(pattern=r"^https://[^\s]+$", max_length=1024), Form("an address that begins with https://")
]


class Federation(Strict):
    """Whose tokens sign in as a service principal, so that it needs no secret.

    Source: docs.databricks.com/aws/en/dev-tools/auth/oauth-federation-policy
    """

    issuer: Issuer = Field(description="who signs the tokens")
    subject: Text = Field(description="whom the token names, such as repo:org/name:environment:prod")
    audiences: Texts = Field(
        default=(), description="whom the token is for; default: what the issuer says, else the Databricks account's id"
    )

    @property
    def expected(self) -> tuple[str, ...]:
        """The audiences of the policy; none stands for the account's id."""
        said = issuers_audience(self.issuer)
        return self.audiences or ((said,) if said else ())


def issuers_audience(issuer: str) -> str | None:
    """Whom an issuer's tokens are for whatever is asked of it; None where the caller chooses.

    Source: databricks-sdk-go's `azure-devops-oidc`, which can ask Azure DevOps for nothing else
    """
    return "api://AzureADTokenExchange" if urlsplit(issuer).hostname == "vstoken.dev.azure.com" else None


class ServicePrincipal(Referred):
    """A service principal, existing already or made by us.

    With `application_id` an existing one needs no look-up, so that a plan works before any apply.
    """

    retired: ClassVar[dict[str, str]] = _RETIRED
    imported_by_name: ClassVar[bool] = False

    name: Text = Field(description="as the account has it")
    application_id: Uuid | None = Field(default=None, description="its client id; without it, it is looked up by name")
    federation: Federation | None = Field(
        default=None, description="whose tokens sign in as it, so that it needs no secret"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """Databricks gives a new service principal its id; only what is ours is trusted to an issuer by us."""
        yield from super().broken_rules()
        if self.ownership == "create" and self.application_id is not None:
            rule = "application_id is given by Databricks with ownership: create: remove one of the two"
            yield Broken(key=("application_id",), rule=rule)
        if self.ownership == "reference" and self.federation is not None:
            rule = "only for a service principal that we create or adopt: who owns it decides who signs in as it"
            yield Broken(key=("federation",), rule=rule)


class ServicePrincipals(Strict):
    """The service principals of an environment, by role."""

    run_as: ServicePrincipal
    plan: ServicePrincipal
    ci: ServicePrincipal
