"""The IAM role through which Unity Catalog reaches a bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import DataResource, ITerraformDependable, LocalExecProvisioner
from constructs import Construct

from brickyard_constructs.checks import check_at_least
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.storage.aws import AwsAccount, aws_resource
from brickyard_constructs.storage.aws_policies import access_policy, trust_policy

# Source: docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: RoleName.
_ROLE = re.compile(r"[\w+=,.@-]{1,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnityCatalogRoleProps:
    """The role's name, the bucket it reaches, and who assumes it: both as the storage credential answers them.

    AWS takes some seconds to let a new role be assumed everywhere; `propagation_s` is how long an apply waits for it.
    """

    name: str
    bucket_arn: str
    external_id: str
    unity_catalog_arn: str
    kms_key_arn: str | None = None
    propagation_s: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.name):
            raise InvalidProps("name", self.name, rule="a role's name has 1 to 64 letters, digits and + = , . @ _ -")
        check_at_least("propagation_s", self.propagation_s, 0)


class UnityCatalogRole(Construct):
    """A role that only Databricks, for one storage credential, and the role itself can assume.

    The credential is made first, from the role's ARN, which follows from its name; Databricks then answers whose role
    will assume it, GovCloud's own included, and with which external id. So no ARN of Databricks stands in this code.

    Creates: aws_iam_role, aws_iam_role_policy, terraform_data (it waits on a machine that has `sleep`).
    Source: docs.databricks.com/aws/en/connect/unity-catalog/cloud-storage/s3/s3-external-location-manual
    """

    def __init__(self, scope: Construct, id_: str, props: UnityCatalogRoleProps, *, account: AwsAccount) -> None:
        super().__init__(scope, id_)
        arn = account.role_arn(props.name)
        trust = trust_policy(
            role_arn=arn,
            root_arn=account.root_arn,
            external_id=props.external_id,
            unity_catalog_arn=props.unity_catalog_arn,
        )
        self.role = aws_resource(
            self,
            "Resource",
            "iam_role",
            name=props.name,
            description="Unity Catalog reads and writes a bucket as this role",
            assume_role_policy=trust,
            tags=dict(props.tags) or None,
        )
        policy = aws_resource(
            self,
            "access",
            "iam_role_policy",
            name="unity-catalog",
            role=self.role.get_string_attribute("name"),
            policy=access_policy(role_arn=arn, bucket_arn=props.bucket_arn, kms_key_arn=props.kms_key_arn),
        )
        self.ready: ITerraformDependable = self._wait(props.propagation_s, policy) if props.propagation_s else policy

    def _wait(self, seconds: int, policy: ITerraformDependable) -> ITerraformDependable:
        sleep = LocalExecProvisioner(type="local-exec", command=f"sleep {seconds}")
        made = {name: self.role.get_string_attribute(name) for name in ("unique_id", "assume_role_policy")}
        return DataResource(self, "propagation", triggers_replace=made, provisioners=[sleep], depends_on=[policy])
