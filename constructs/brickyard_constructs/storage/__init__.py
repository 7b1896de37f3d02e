"""Files in volumes; object storage for Unity Catalog: credentials, external locations, and their bucket on AWS."""

from brickyard_constructs.storage.aws import AwsAccount
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
from brickyard_constructs.storage.unity_catalog_storage import (
    AwsResources,
    UnityCatalogStorage,
    UnityCatalogStorageProps,
)
from brickyard_constructs.storage.volume_file import VolumeFile, VolumeFileProps

__all__ = [
    "AwsAccount",
    "AwsResources",
    "AwsRole",
    "AzureAccessConnector",
    "CloudIdentity",
    "GcpServiceAccount",
    "StorageCredentialProps",
    "StorageLocation",
    "StorageLocationProps",
    "UnityCatalogBucket",
    "UnityCatalogBucketProps",
    "UnityCatalogCredential",
    "UnityCatalogRole",
    "UnityCatalogRoleProps",
    "UnityCatalogStorage",
    "UnityCatalogStorageProps",
    "VolumeFile",
    "VolumeFileProps",
]
