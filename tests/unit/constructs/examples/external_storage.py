"""External storage in each cloud: one whose bucket and role are made, two that others made, and one that is there."""

from cdktf import TerraformStack

from brickyard_constructs.catalog import Access, Grant
from brickyard_constructs.storage import (
    AwsAccount,
    AwsResources,
    AwsRole,
    AzureAccessConnector,
    CloudIdentity,
    GcpServiceAccount,
    StorageCredentialProps,
    StorageLocation,
    StorageLocationProps,
    UnityCatalogBucket,
    UnityCatalogBucketProps,
    UnityCatalogCredential,
    UnityCatalogRole,
    UnityCatalogRoleProps,
    UnityCatalogStorage,
    UnityCatalogStorageProps,
)

OURS = Access(deployer="deployer")
FILES = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("READ_FILES",)),))
SUBSCRIPTION = "/subscriptions/0/resourceGroups/data/providers"
CONNECTOR = AzureAccessConnector(
    access_connector_id=f"{SUBSCRIPTION}/Microsoft.Databricks/accessConnectors/uc",
    managed_identity_id=f"{SUBSCRIPTION}/Microsoft.ManagedIdentity/userAssignedIdentities/uc",
)
STORAGES: dict[str, tuple[str, CloudIdentity | AwsResources]] = {
    "made": ("s3://acme-dev-lake/unity", AwsResources(region="eu-west-1", role_name="acme-dev-unity-catalog")),
    "azure": ("abfss://lake@acmedev.dfs.core.windows.net/unity", CONNECTOR),
    "gcp": ("gs://acme-dev-lake/unity", GcpServiceAccount()),
}


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    for name, (url, identity) in STORAGES.items():
        props = UnityCatalogStorageProps(
            url=url,
            location_name=f"dev-{name}",
            credential_name=f"dev-{name}",
            location_access=FILES,
            credential_access=OURS,
            identity=identity,
            workspaces=(42,),
        )
        UnityCatalogStorage(stack, name, props)
    _by_hand(stack)


def _by_hand(stack: TerraformStack) -> None:
    """The parts one by one: the bucket is made, the credential adopted, another location only read."""
    account = AwsAccount.of(stack, "eu-west-1")
    bucket = UnityCatalogBucket(stack, "bucket", UnityCatalogBucketProps(name="acme-dev-second"), account=account)
    role = AwsRole(role_arn="arn:aws:iam::123456789012:role/there-already")
    adopted = StorageCredentialProps(name="there-already", access=OURS, identity=role, ownership="adopt")
    credential = UnityCatalogCredential(stack, "credential", adopted)
    trusting = UnityCatalogRoleProps(
        name="second",
        bucket_arn=bucket.arn,
        external_id=credential.external_id,
        unity_catalog_arn=credential.unity_catalog_arn,
    )
    UnityCatalogRole(stack, "role", trusting, account=account)
    theirs = StorageLocationProps(name="shared", access=FILES, ownership="reference")
    StorageLocation(stack, "theirs", theirs)
