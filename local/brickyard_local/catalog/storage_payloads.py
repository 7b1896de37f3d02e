"""Request bodies of storage credentials, external locations and path credentials.

Secrets of credentials are checked for presence and then forgotten: nothing here calls a cloud.
"""

from typing import Any, Literal

from pydantic import SecretStr

from brickyard_local.catalog.payloads import Payload

Isolation = Literal["ISOLATION_MODE_OPEN", "ISOLATION_MODE_ISOLATED"]


class AwsIamRole(Payload):
    """A role. Clients send back what the platform answered with it, which is not theirs to choose."""

    role_arn: str
    external_id: str | None = None
    unity_catalog_iam_arn: str | None = None


class AzureManagedIdentity(Payload):
    """An access connector, and a user-assigned identity of it."""

    access_connector_id: str
    managed_identity_id: str | None = None
    credential_id: str | None = None


class AzureServicePrincipal(Payload):
    """An application of a directory."""

    directory_id: str
    application_id: str
    client_secret: SecretStr


class CloudflareApiToken(Payload):
    """A token of Cloudflare R2."""

    account_id: str
    access_key_id: str
    secret_access_key: SecretStr


class GcpServiceAccountKey(Payload):
    """A key of a Google service account, as the Terraform provider sends it."""

    email: str
    private_key_id: str
    private_key: SecretStr


class CredentialKinds(Payload):
    """Exactly one is given."""

    aws_iam_role: AwsIamRole | None = None
    azure_managed_identity: AzureManagedIdentity | None = None
    azure_service_principal: AzureServicePrincipal | None = None
    cloudflare_api_token: CloudflareApiToken | None = None
    gcp_service_account_key: GcpServiceAccountKey | None = None
    databricks_gcp_service_account: dict[str, Any] | None = None


class CreateStorageCredential(CredentialKinds):
    """POST /storage-credentials."""

    name: str
    comment: str | None = None
    read_only: bool | None = None
    skip_validation: bool | None = None


class UpdateStorageCredential(CredentialKinds):
    """PATCH /storage-credentials/{name}."""

    name: str | None = None
    new_name: str | None = None
    comment: str | None = None
    owner: str | None = None
    read_only: bool | None = None
    isolation_mode: Isolation | None = None
    force: bool = False
    skip_validation: bool | None = None


class ValidateStorageCredential(CredentialKinds):
    """POST /validate-storage-credentials."""

    storage_credential_name: str | None = None
    external_location_name: str | None = None
    url: str | None = None
    read_only: bool | None = None


class LocationFields(Payload):
    """What creating and changing a location share. Of file events, only their absence is emulated."""

    comment: str | None = None
    read_only: bool | None = None
    fallback: bool | None = None
    skip_validation: bool | None = None
    enable_file_events: bool | None = None
    file_event_queue: dict[str, Any] | None = None
    encryption_details: dict[str, Any] | None = None
    effective_enable_file_events: bool | None = None
    effective_file_event_queue: dict[str, Any] | None = None


class CreateExternalLocation(LocationFields):
    """POST /external-locations."""

    name: str
    url: str
    credential_name: str


class UpdateExternalLocation(LocationFields):
    """PATCH /external-locations/{name}."""

    name: str | None = None
    new_name: str | None = None
    owner: str | None = None
    url: str | None = None
    credential_name: str | None = None
    isolation_mode: Isolation | None = None
    force: bool = False


class PathCredentialRequest(Payload):
    """POST /temporary-path-credentials. `/Volumes/…` and `file:` locations are for this machine's engines."""

    url: str
    operation: Literal["PATH_READ", "PATH_READ_WRITE", "PATH_CREATE_TABLE"]
    dry_run: bool | None = None
