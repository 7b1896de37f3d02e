"""Storage outside the metastore's own: a place in a cloud, and the credential that reaches it.

Source: docs.databricks.com/aws/en/connect/unity-catalog/cloud-storage/ (one location never lies within another)
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from brickyard_stacks.settings.ownership import ExtraAccess, Ownership, Referred
from brickyard_stacks.settings.strict import Broken, Form, Strict, Text

RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+$"),
    Form("an IAM role's ARN, as arn:aws:iam::123456789012:role/name"),
]
KmsKeyArn = Annotated[
    str,
    Field(pattern=r"^arn:aws(-us-gov)?:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+$", max_length=512),
    Form("a KMS key's ARN, as arn:aws:kms:eu-west-1:123456789012:key/…"),
]
AccessConnectorId = Annotated[
    str,
    Field(
        pattern=r"^/subscriptions/[^/]+/resource[Gg]roups/[^/]+/providers/Microsoft\.Databricks/access[Cc]onnectors/[^/]+$",
        max_length=512,
    ),
    Form("an access connector's resource id, from /subscriptions/ on"),
]
WorkspaceId = Annotated[int, Field(gt=0, lt=2**63), Form("a workspace's id, a positive whole number")]
S3Url = Annotated[
    str,
    Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\x00-\x20]*)?$"),
    Form("s3://bucket or s3://bucket/folder"),
]
AbfssUrl = Annotated[
    str,
    Field(pattern=r"^abfss://[a-z0-9-]{3,63}@[a-z0-9]{3,24}\.dfs\.core\.[a-z.]+(/[^\x00-\x20]*)?$"),
    Form("abfss://container@account.dfs.core.windows.net or a folder in it"),
]
GsUrl = Annotated[
    str,
    Field(pattern=r"^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\x00-\x20]*)?$"),
    Form("gs://bucket or gs://bucket/folder"),
]


class Credential(Strict):
    """What a storage credential of any cloud has; its id is its name."""

    name: Text | None = Field(default=None, description="default: the prefix and the block's name")
    ownership: Ownership | None = Field(default=None, description="default: as the storage block's")


class AwsCredential(Credential):
    """A storage credential that assumes an IAM role."""

    role_arn: RoleArn | None = Field(default=None, description="the role it assumes")


class AzureCredential(Credential):
    """A storage credential that uses an access connector's identity."""

    access_connector_id: AccessConnectorId | None = Field(default=None, description="whose identity it uses")


class GcpCredential(Credential):
    """A storage credential with a service account that Databricks makes."""


class _Storage(Referred):
    """An external location over a URL, and its credential. The location's id is its name."""

    identity: ClassVar[str] = ""

    external_location: Text | None = Field(
        default=None, description="its name; default: the prefix and the block's name"
    )
    credential: Credential = Field(default_factory=Credential)
    read_only: bool = Field(default=False, description="whether nobody writes there through Unity Catalog")
    isolation: Literal["ISOLATED", "OPEN"] = Field(
        default="ISOLATED", description="ISOLATED: used from its own workspace and those of `workspaces`; OPEN: all"
    )
    workspaces: Annotated[tuple[WorkspaceId, ...], Field(strict=False)] = Field(
        default=(), description="ids of other workspaces that may use location and credential"
    )
    extra_access: ExtraAccess = Field(
        default={}, description="privileges of others on the location that stay, by principal"
    )

    @property
    def credential_ownership(self) -> Ownership:
        """Who owns the credential: as its block says, or as the storage's."""
        return self.credential.ownership or self.ownership

    def broken_rules(self) -> Iterable[Broken]:
        """What exists already is named; what is made says whose identity reaches the cloud."""
        yield from super().broken_rules()
        if self.ownership != "create" and self.external_location is None:
            yield Broken(key=("external_location",), rule=f"required with ownership: {self.ownership}: its name")
        if self.credential_ownership != "create" and self.credential.name is None:
            rule = f"required: the name of the credential that is there (ownership: {self.credential_ownership})"
            yield Broken(key=("credential", "name"), rule=rule)
        if self.extra_access and self.ownership == "reference":
            rule = "only for what we create or adopt: we leave the grants of what we refer to alone"
            yield Broken(key=("extra_access",), rule=rule)
        if self.workspaces and self.ownership == "reference":
            yield Broken(key=("workspaces",), rule="only for what we create or adopt: its owner binds what we refer to")
        elif self.workspaces and self.isolation != "ISOLATED":
            yield Broken(key=("isolation",), rule="workspaces need isolation ISOLATED: an OPEN one is used from all")
        if len(set(self.workspaces)) != len(self.workspaces):
            yield Broken(key=("workspaces",), rule="each workspace stands once")
        yield from self._rules_of_the_identity()

    def _rules_of_the_identity(self) -> Iterable[Broken]:
        made = self.credential_ownership == "create" and not getattr(self, "cloud_resources", False)
        if self.identity and made and getattr(self.credential, self.identity) is None:
            yield Broken(key=("credential", self.identity), rule="required for a credential that is created")


class AwsStorage(_Storage):
    """A bucket of S3, or a folder in one; with `cloud_resources` we make the bucket and the IAM role too."""

    identity: ClassVar[str] = "role_arn"

    kind: Literal["aws"]
    url: S3Url = Field(description="the bucket or container, or a folder in it")
    credential: AwsCredential = Field(default_factory=AwsCredential)
    cloud_resources: bool = Field(default=False, description="make the bucket and the IAM role as well")
    kms_key_arn: KmsKeyArn | None = Field(
        default=None, description="the key of the bucket that is made, or that the bucket demands of who writes"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """We make the cloud's side only for what is ours from the start."""
        yield from super().broken_rules()
        if not self.cloud_resources:
            return
        if self.ownership != "create" or self.credential_ownership != "create":
            yield Broken(key=("cloud_resources",), rule="may be true with ownership: create only")
        if self.credential.role_arn is not None:
            yield Broken(key=("credential", "role_arn"), rule="cloud_resources makes the role: remove one of the two")


class AzureStorage(_Storage):
    """A container of Data Lake Storage, or a folder in one."""

    identity: ClassVar[str] = "access_connector_id"

    kind: Literal["azure"]
    url: AbfssUrl = Field(description="the bucket or container, or a folder in it")
    credential: AzureCredential = Field(default_factory=AzureCredential)


class GcpStorage(_Storage):
    """A bucket of Cloud Storage, or a folder in one."""

    kind: Literal["gcp"]
    url: GsUrl = Field(description="the bucket or container, or a folder in it")
    credential: GcpCredential = Field(default_factory=GcpCredential)


Storage = Annotated[AwsStorage | AzureStorage | GcpStorage, Field(discriminator="kind")]
