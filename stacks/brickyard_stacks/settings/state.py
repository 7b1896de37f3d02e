"""Where Terraform keeps its state. No backend here takes a secret: each signs in as the shell does.

Source: developer.hashicorp.com/terraform/language/backend (s3, azurerm, local)
"""

from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Form, Kebab, PathText, Strict, Text

BucketName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
    Form("a bucket's name: lower case, digits, dots, dashes"),
]
KeyPrefix = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", max_length=512),
    Form("folders such as brickyard/prod, without a slash at either end"),
]
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9]{3,24}$"), Form("3 to 24 lower-case letters and digits")]
ContainerName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$"), Form("lower-case letters, digits and dashes")
]


class LocalState(Strict):
    """Files on this machine; a relative path is relative to the clone."""

    backend: Literal["local"]
    path: PathText = Field(description="a folder")


class S3State(Strict):
    """A bucket of S3, encrypted, locked by S3 itself; one object for each stack below `key_prefix`."""

    backend: Literal["s3"]
    bucket: BucketName = Field(description="a bucket that is there already, versioned")
    region: Kebab = Field(description="the bucket's")
    key_prefix: KeyPrefix = Field(description="where in it the states lie")
    kms_key_id: Text | None = Field(default=None, description="a KMS key's ARN; default: the bucket's own encryption")
    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/]+$"), Form("an URL without a path")] | None = Field(
        default=None, description="another S3 than AWS's own, such as a test's"
    )
    profile: Text | None = Field(default=None, description="a profile of the AWS configuration; default: the shell's")


class AzurermState(Strict):
    """A container of Azure Storage; signs in by Entra ID, never by an account key."""

    backend: Literal["azurerm"]
    storage_account_name: AccountName = Field(description="an account that is there already")
    container_name: ContainerName = Field(description="a container in it that is there already")
    resource_group_name: Text | None = Field(default=None, description="the account's; only for a look-up by it")
    key_prefix: KeyPrefix = Field(description="where in it the states lie")


State = Annotated[LocalState | S3State | AzurermState, Field(discriminator="backend")]
