"""One external storage of an environment: credential, location and, on AWS, the cloud's side of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdktf import ITerraformDependable
from constructs import Construct

from brickyard_constructs.catalog.grants import Access
from brickyard_constructs.checks import check_storage_url
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership
from brickyard_constructs.storage.aws import AwsAccount, check_region
from brickyard_constructs.storage.storage_credential import (
    AwsRole,
    AzureAccessConnector,
    CloudIdentity,
    GcpServiceAccount,
    StorageCredentialProps,
    UnityCatalogCredential,
)
from brickyard_constructs.storage.storage_location import StorageLocation, StorageLocationProps
from brickyard_constructs.storage.unity_catalog_bucket import UnityCatalogBucket, UnityCatalogBucketProps
from brickyard_constructs.storage.unity_catalog_role import UnityCatalogRole, UnityCatalogRoleProps

_SCHEMES: Mapping[type, str] = {AzureAccessConnector: "abfss", GcpServiceAccount: "gs"}


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsResources:
    """The bucket of the URL and the role of the credential, both to be made here, in this region."""

    region: str
    role_name: str
    kms_key_arn: str | None = None
    noncurrent_days: int = 30
    propagation_s: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_region(self.region)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnityCatalogStorageProps:
    """A place in a cloud, and who may use the location and its credential.

    `kms_key_arn` is for a bucket of others, which demands of writers to name its key; one that is made here encrypts
    by itself, with the key of `AwsResources`.

    `identity` is a role, a connector or a service account that is there, `AwsResources` for those to be made, or None
    where the credential is referenced.
    """

    url: str
    location_name: str
    credential_name: str
    location_access: Access
    credential_access: Access
    identity: CloudIdentity | AwsResources | None = None
    comment: str = ""
    read_only: bool = False
    isolated: bool = True
    workspaces: tuple[int, ...] = ()
    kms_key_arn: str | None = None
    ownership: Ownership = "create"
    credential_ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        check_storage_url("url", self.url, scheme=self._scheme)
        made = isinstance(self.identity, AwsResources)
        if made and (self.ownership, self.credential_ownership) != ("create", "create"):
            rule = "bucket and role are made only for a location and a credential that are created"
            raise InvalidProps("ownership", (self.ownership, self.credential_ownership), rule=rule)

    @property
    def _scheme(self) -> str | None:
        return None if self.identity is None else _SCHEMES.get(type(self.identity), "s3")

    def credential(self, identity: CloudIdentity | None) -> StorageCredentialProps:
        """The credential's part."""
        return StorageCredentialProps(
            name=self.credential_name,
            access=self.credential_access,
            identity=identity,
            comment=self.comment,
            read_only=self.read_only,
            isolated=self.isolated,
            workspaces=() if self.credential_ownership == "reference" else self.workspaces,
            ownership=self.credential_ownership,
            protected=self.protected,
        )

    def location(self, credential: str) -> StorageLocationProps:
        """The location's part."""
        return StorageLocationProps(
            name=self.location_name,
            access=self.location_access,
            url=self.url,
            credential=credential,
            comment=self.comment,
            read_only=self.read_only,
            kms_key_arn=self.kms_key_arn,
            isolated=self.isolated,
            workspaces=self.workspaces,
            ownership=self.ownership,
            protected=self.protected,
        )


class UnityCatalogStorage(Construct):
    """A credential and an external location over it; with `AwsResources`, the bucket and the role they need as well.

    On Azure the access connector and its container, on GCP the bucket, belong to others: connector and bucket are
    named, and the right of the connector's identity (Storage Blob Data Contributor), or of the service account that
    Databricks makes, on them is given there.

    Creates: databricks_storage_credential, databricks_external_location, unless they are referenced; their grants and
    bindings; with `AwsResources` what UnityCatalogBucket and UnityCatalogRole create.
    Source: docs.databricks.com/aws/en/connect/unity-catalog/cloud-storage/
    """

    def __init__(self, scope: Construct, id_: str, props: UnityCatalogStorageProps) -> None:
        super().__init__(scope, id_)
        if isinstance(props.identity, AwsResources):
            after = self._on_aws(props, props.identity)
        else:
            self.credential = UnityCatalogCredential(self, "credential", props.credential(props.identity))
            after = ()
        self.location = StorageLocation(self, "location", props.location(self.credential.name), after=after)

    def _on_aws(self, props: UnityCatalogStorageProps, made: AwsResources) -> Sequence[ITerraformDependable]:
        account = AwsAccount.of(self, made.region)
        identity = AwsRole(role_arn=account.role_arn(made.role_name), not_yet_there=True)
        self.credential = UnityCatalogCredential(self, "credential", props.credential(identity))
        bucket_props = UnityCatalogBucketProps(
            name=props.url.removeprefix("s3://").partition("/")[0],
            kms_key_arn=made.kms_key_arn,
            noncurrent_days=made.noncurrent_days,
            tags=made.tags,
            protected=props.protected,
        )
        bucket = UnityCatalogBucket(self, "bucket", bucket_props, account=account)
        role_props = UnityCatalogRoleProps(
            name=made.role_name,
            bucket_arn=bucket.arn,
            external_id=self.credential.external_id,
            unity_catalog_arn=self.credential.unity_catalog_arn,
            kms_key_arn=made.kms_key_arn,
            propagation_s=made.propagation_s,
            tags=made.tags,
        )
        role = UnityCatalogRole(self, "role", role_props, account=account)
        return (bucket.ready, role.ready)
