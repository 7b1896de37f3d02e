"""External locations: a place in object storage, and the credential that reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_databricks.external_location import (
    ExternalLocation,
    ExternalLocationEncryptionDetails,
    ExternalLocationEncryptionDetailsSseEncryptionDetails,
)
from constructs import Construct

from brickyard_constructs.catalog.bindings import CatalogBinding, bind
from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_object_name, check_storage_url
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageLocationProps:
    """The place, the credential's name, the workspaces that see it, and who may use it.

    `kms_key_arn` is for a bucket that demands of writers to name its key; one that encrypts by itself needs none.
    """

    name: str
    access: Access
    url: str = ""
    credential: str = ""
    comment: str = ""
    read_only: bool = False
    kms_key_arn: str | None = None
    isolated: bool = True
    workspaces: tuple[int, ...] = ()
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        check_object_name("name", self.name)
        check_ownership(self.ownership)
        if self.workspaces and (not self.isolated or self.ownership == "reference"):
            raise InvalidProps("workspaces", self.workspaces, rule="only an isolated location of ours can be bound")
        for workspace in self.workspaces:
            CatalogBinding(workspace_id=workspace)
        if self.ownership != "reference":
            check_storage_url("url", self.url)
            check_object_name("credential", self.credential)
            if self.kms_key_arn and not self.url.startswith("s3:"):
                raise InvalidProps("kms_key_arn", self.kms_key_arn, rule="only a location on s3:// has one")


class StorageLocation(Construct):
    """An external location, without which neither external tables and volumes nor a catalog's own storage can be made.

    Databricks tries it when it is made, so that a wrong role or a missing right shows in the apply, not in a job.

    Creates: databricks_external_location, unless it is referenced; databricks_workspace_binding for each workspace;
    databricks_grants, or databricks_grant for each principal where it is referenced.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/external_location
    """

    def __init__(
        self, scope: Construct, id_: str, props: StorageLocationProps, *, after: Sequence[ITerraformDependable] = ()
    ) -> None:
        """`after` is what must be there before Databricks can reach the place."""
        super().__init__(scope, id_)
        self.location = self._made(props, after) if props.ownership != "reference" else None
        # Taken from the resource, name and URL make whoever uses them wait.
        self.name = self.location.name if self.location else props.name
        self.url = self.location.url if self.location else props.url
        on = SecurableName(kind=Securable.EXTERNAL_LOCATION, name=props.name, full_name=self.name)
        govern(self, "grants", on=on, access=props.access, ownership=props.ownership)
        for workspace in props.workspaces:
            bind(self, "external_location", self.name, CatalogBinding(workspace_id=workspace, read_only=False))

    def _made(self, props: StorageLocationProps, after: Sequence[ITerraformDependable]) -> ExternalLocation:
        location = ExternalLocation(
            self,
            "Resource",
            name=props.name,
            url=props.url,
            credential_name=props.credential,
            comment=props.comment or None,
            read_only=props.read_only,
            encryption_details=_encryption(props.kms_key_arn),
            isolation_mode="ISOLATION_MODE_ISOLATED" if props.isolated else "ISOLATION_MODE_OPEN",
            depends_on=list(after) or None,
            lifecycle=protection(props.protected),
        )
        take_over(location, props.ownership, props.name)
        return location


def _encryption(kms_key_arn: str | None) -> ExternalLocationEncryptionDetails | None:
    if kms_key_arn is None:
        return None
    sse = ExternalLocationEncryptionDetailsSseEncryptionDetails(algorithm="AWS_SSE_KMS", aws_kms_key_arn=kms_key_arn)
    return ExternalLocationEncryptionDetails(sse_encryption_details=sse)
