"""Storage credentials: the cloud identity through which Unity Catalog reaches object storage."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from cdktf_cdktf_provider_databricks.storage_credential import (
    StorageCredential,
    StorageCredentialAwsIamRole,
    StorageCredentialAzureManagedIdentity,
    StorageCredentialDatabricksGcpServiceAccount,
)
from constructs import Construct

from brickyard_constructs.catalog.bindings import CatalogBinding, bind
from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_object_name, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over

# Source: docs.aws.amazon.com, "IAM identifiers". China is left out: Databricks has no Unity Catalog role there.
_ROLE_ARN = re.compile(r"arn:aws(-us-gov)?:iam::\d{12}:role/[\w+=,.@/-]{1,576}")
_CONNECTOR_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Databricks/accessConnectors/[^/]+", re.IGNORECASE
)
_IDENTITY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsRole:
    """An IAM role that trusts Databricks; `not_yet_there` keeps Databricks from trying one that comes later."""

    role_arn: str
    not_yet_there: bool = False

    def __post_init__(self) -> None:
        if known(self.role_arn) and not _ROLE_ARN.fullmatch(self.role_arn):
            rule = "as arn:aws:iam::123456789012:role/name, or of arn:aws-us-gov; there is no Unity Catalog in aws-cn"
            raise InvalidProps("role_arn", self.role_arn, rule=rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class AzureAccessConnector:
    """An access connector that others made, and its user-assigned identity where it has one."""

    access_connector_id: str
    managed_identity_id: str | None = None

    def __post_init__(self) -> None:
        if known(self.access_connector_id) and not _CONNECTOR_ID.fullmatch(self.access_connector_id):
            rule = "/subscriptions/…/resourceGroups/…/providers/Microsoft.Databricks/accessConnectors/…"
            raise InvalidProps("access_connector_id", self.access_connector_id, rule=rule)
        identity = self.managed_identity_id
        if identity is not None and known(identity) and not _IDENTITY_ID.fullmatch(identity):
            rule = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…"
            raise InvalidProps("managed_identity_id", identity, rule=rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class GcpServiceAccount:
    """A service account that Databricks makes; its address, `email`, then needs rights on the bucket."""


CloudIdentity: TypeAlias = AwsRole | AzureAccessConnector | GcpServiceAccount


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageCredentialProps:
    """The identity, the workspaces that may use it, and who may make locations with it.

    Without an identity it is only referenced. Databricks binds the creating workspace by itself.
    """

    name: str
    access: Access
    identity: CloudIdentity | None = None
    comment: str = ""
    read_only: bool = False
    isolated: bool = True
    workspaces: tuple[int, ...] = ()
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        check_object_name("name", self.name)
        check_ownership(self.ownership)
        if (self.identity is None) != (self.ownership == "reference"):
            rule = "a credential that is created or adopted has one, a referenced one has not"
            raise InvalidProps("identity", self.identity, rule=rule)
        if self.workspaces and (not self.isolated or self.ownership == "reference"):
            raise InvalidProps("workspaces", self.workspaces, rule="only an isolated credential of ours can be bound")
        for workspace in self.workspaces:
            CatalogBinding(workspace_id=workspace)


class UnityCatalogCredential(Construct):
    """A storage credential, without any key in it: a role, a managed identity or a service account.

    Creates: databricks_storage_credential, unless it is referenced; databricks_workspace_binding for each workspace;
    databricks_grants, or databricks_grant for each principal where it is referenced.
    Gaps: client secrets, account keys and Cloudflare tokens: they would stand in the state.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/storage_credential
    """

    def __init__(self, scope: Construct, id_: str, props: StorageCredentialProps) -> None:
        super().__init__(scope, id_)
        self.credential = self._made(props, props.identity) if props.identity else None
        # Taken from the resource, the name makes whoever uses it wait.
        self.name = self.credential.name if self.credential else props.name
        on = SecurableName(kind=Securable.STORAGE_CREDENTIAL, name=props.name, full_name=self.name)
        govern(self, "grants", on=on, access=props.access, ownership=props.ownership)
        for workspace in props.workspaces:
            bind(self, "storage_credential", self.name, CatalogBinding(workspace_id=workspace, read_only=False))

    @property
    def external_id(self) -> str:
        """What Databricks says when it assumes the role on AWS, so that no other account's credential can."""
        return str(self._own.aws_iam_role.external_id)

    @property
    def unity_catalog_arn(self) -> str:
        """Databricks' own role on AWS, which assumes ours: another one in GovCloud."""
        return str(self._own.aws_iam_role.unity_catalog_iam_arn)

    @property
    def email(self) -> str:
        """The service account that Databricks made on GCP, which then needs rights on the bucket."""
        return str(self._own.databricks_gcp_service_account.email)

    @property
    def _own(self) -> StorageCredential:
        if self.credential is None:
            rule = "nothing but the name is known of a referenced credential; adopt it, or look at it in its own stack"
            raise InvalidProps("ownership", "reference", rule=rule)
        return self.credential

    def _made(self, props: StorageCredentialProps, identity: CloudIdentity) -> StorageCredential:
        credential = StorageCredential(
            self,
            "Resource",
            name=props.name,
            comment=props.comment or None,
            read_only=props.read_only,
            isolation_mode="ISOLATION_MODE_ISOLATED" if props.isolated else "ISOLATION_MODE_OPEN",
            lifecycle=protection(props.protected),
            **_identity_block(identity),
        )
        take_over(credential, props.ownership, props.name)
        return credential


def _identity_block(identity: CloudIdentity) -> dict[str, Any]:
    match identity:
        case AwsRole():
            role = StorageCredentialAwsIamRole(role_arn=identity.role_arn)
            return {"aws_iam_role": role, "skip_validation": identity.not_yet_there or None}
        case AzureAccessConnector():
            connector = StorageCredentialAzureManagedIdentity(
                access_connector_id=identity.access_connector_id, managed_identity_id=identity.managed_identity_id
            )
            return {"azure_managed_identity": connector}
        case GcpServiceAccount():
            return {"databricks_gcp_service_account": StorageCredentialDatabricksGcpServiceAccount()}
