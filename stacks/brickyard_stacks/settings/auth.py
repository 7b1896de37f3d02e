"""How Terraform signs in to a workspace. No model here has a field that could hold a secret.

Source: registry.terraform.io/providers/databricks/databricks/latest/docs (authentication)
"""

from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Form, PathText, Strict, Text

Host = Annotated[
    str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?$"), Form("https:// and the host name, without a path")
]


class ProfileAuth(Strict):
    """A profile of a Databricks configuration file; it carries the host as well.

    A relative `config_file` is relative to the clone. Without one, Databricks' own default is read.
    """

    type: Literal["profile"]
    profile: Text = Field(description="its name in the configuration file")
    config_file: PathText | None = Field(
        default=None, description="the configuration file; default: DATABRICKS_CONFIG_FILE's, or ~/.databrickscfg"
    )


class OauthM2mAuth(Strict):
    """A service principal's OAuth client; the secret comes from DATABRICKS_CLIENT_SECRET."""

    type: Literal["oauth-m2m"]
    host: Host = Field(description="the address of the workspace or account")
    client_id: Text = Field(description="the application id of the service principal that signs in")


class AzureCliAuth(Strict):
    """The login of `az`, as inside the task AzureCLI@2."""

    type: Literal["azure-cli"]
    host: Host = Field(description="the address of the workspace or account")


class AzureDevopsOidcAuth(Strict):
    """Workload identity federation from an Azure DevOps pipeline; no secret exists."""

    type: Literal["azure-devops-oidc"]
    host: Host = Field(description="the address of the workspace or account")
    client_id: Text = Field(description="the application id of the service principal that signs in")


class GithubOidcAuth(Strict):
    """Workload identity federation from a GitHub workflow; no secret exists."""

    type: Literal["github-oidc"]
    host: Host = Field(description="the address of the workspace or account")
    client_id: Text = Field(description="the application id of the service principal that signs in")


Auth = Annotated[
    ProfileAuth | OauthM2mAuth | AzureCliAuth | AzureDevopsOidcAuth | GithubOidcAuth, Field(discriminator="type")
]
