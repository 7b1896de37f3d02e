"""The environment's storage blocks as locations and credentials of Unity Catalog."""

from collections.abc import Mapping

from constructs import Construct

from brickyard_constructs.storage import (
    AwsResources,
    AwsRole,
    AzureAccessConnector,
    CloudIdentity,
    GcpServiceAccount,
    UnityCatalogStorage,
    UnityCatalogStorageProps,
)
from brickyard_stacks.identities import Identities
from brickyard_stacks.names import EnvironmentNames
from brickyard_stacks.permissions import credential_privileges, location_privileges
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.storage import AwsStorage, AzureStorage, Storage


def make_storage(scope: Construct, environment: Environment, identities: Identities) -> Mapping[str, str]:
    """Every block's location; returns the URL of each, which waits for it."""
    return {name: _storage(scope, environment, identities, name) for name in environment.storage}


def _storage(scope: Construct, environment: Environment, identities: Identities, name: str) -> str:
    settings = environment.storage[name]
    default = EnvironmentNames.of(environment).shared(name)
    props = UnityCatalogStorageProps(
        url=settings.url,
        location_name=settings.external_location or default,
        credential_name=settings.credential.name or default,
        location_access=identities.access(location_privileges(), settings.extra_access),
        credential_access=identities.access(credential_privileges()),
        identity=_identity(environment, settings, default),
        comment=f"Storage {name} of the environment {environment.name}",
        read_only=settings.read_only,
        isolated=settings.isolation == "ISOLATED",
        workspaces=settings.workspaces,
        kms_key_arn=_key_of_writers(settings),
        ownership=settings.ownership,
        credential_ownership=settings.credential_ownership,
        protected=environment.deletion_protection,
    )
    return UnityCatalogStorage(scope, name, props).location.url


def _key_of_writers(settings: Storage) -> str | None:
    return settings.kms_key_arn if isinstance(settings, AwsStorage) and not settings.cloud_resources else None


def _identity(environment: Environment, settings: Storage, default: str) -> CloudIdentity | AwsResources | None:
    if settings.credential_ownership == "reference":
        return None
    if isinstance(settings, AwsStorage):
        if settings.cloud_resources:
            key = settings.kms_key_arn
            return AwsResources(region=environment.region, role_name=default, kms_key_arn=key, tags=environment.tags)
        return AwsRole(role_arn=settings.credential.role_arn or "")
    if isinstance(settings, AzureStorage):
        return AzureAccessConnector(access_connector_id=settings.credential.access_connector_id or "")
    return GcpServiceAccount()
