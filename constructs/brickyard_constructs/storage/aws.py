"""The AWS account that a stack makes cloud resources in.

AWS's bindings are not used: reading their 54 MB takes about ten seconds of every synthesis, for a dozen resources.
These are named as Terraform names them instead, and the real provider checks their arguments in the contract tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import (
    ITerraformDependable,
    TerraformDataSource,
    TerraformElement,
    TerraformProvider,
    TerraformProviderGeneratorMetadata,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
)
from constructs import Construct

from brickyard_constructs.errors import InvalidProps

VERSIONS = ">= 5.100.0, < 6.0.0"
_PROVIDER = TerraformProviderGeneratorMetadata(provider_name="aws", provider_version_constraint=VERSIONS)


def aws_resource(
    scope: Construct,
    id_: str,
    kind: str,
    *,
    depends_on: Sequence[ITerraformDependable] = (),
    lifecycle: TerraformResourceLifecycle | None = None,
    **arguments: Any,
) -> TerraformResource:
    """A resource of hashicorp/aws; arguments that are None are left out."""
    resource = TerraformResource(
        scope,
        id_,
        terraform_resource_type=f"aws_{kind}",
        terraform_generator_metadata=_PROVIDER,
        depends_on=list(depends_on) or None,
        lifecycle=lifecycle,
    )
    _set(resource, arguments)
    return resource


def check_region(region: str) -> None:
    """A region where Databricks has Unity Catalog: commercial AWS or GovCloud, not China."""
    if not region or region.startswith("cn-"):
        rule = "a region of AWS or AWS GovCloud; Databricks has no Unity Catalog role in AWS China (cn-…)"
        raise InvalidProps("region", region, rule=rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsAccount:
    """The account that the caller's credentials belong to, as Terraform will know it when it plans."""

    account_id: str
    partition: str

    @classmethod
    def of(cls, scope: Construct, region: str) -> "AwsAccount":
        """Signed in as the environment says: variables, a profile, or federation; never by an argument of ours."""
        check_region(region)
        _provide(TerraformStack.of(scope), region)
        caller = _aws_data(scope, "caller", "caller_identity")
        partition = _aws_data(scope, "partition", "partition")
        return cls(
            account_id=caller.get_string_attribute("account_id"), partition=partition.get_string_attribute("partition")
        )

    @property
    def root_arn(self) -> str:
        """Every principal of the account that may assume what trusts it."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def role_arn(self, name: str) -> str:
        """The ARN of a role, known before the role is made."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{name}"

    def bucket_arn(self, name: str) -> str:
        """The ARN of a bucket."""
        return f"arn:{self.partition}:s3:::{name}"


def _provide(stack: TerraformStack, region: str) -> None:
    """The stack's provider of AWS, once. Its region is kept in the tree, to see a second one."""
    there = stack.node.try_find_child("aws")
    if there is not None:
        (first,) = [str(entry.data) for entry in there.node.metadata if entry.type == "region"]
        if first != region:
            raise InvalidProps(
                "region", region, rule=f"the stack's provider of AWS is in {first}; one stack, one region"
            )
        return
    provider = TerraformProvider(
        stack,
        "aws",
        terraform_resource_type="aws",
        terraform_provider_source="hashicorp/aws",
        terraform_generator_metadata=_PROVIDER,
    )
    provider.node.add_metadata("region", region)
    _set(provider, {"region": region})


def _aws_data(scope: Construct, id_: str, kind: str) -> TerraformDataSource:
    return TerraformDataSource(
        scope, id_, terraform_resource_type=f"aws_{kind}", terraform_generator_metadata=_PROVIDER
    )


def _set(element: TerraformElement, arguments: dict[str, Any]) -> None:
    for name, value in arguments.items():
        if value is not None:
            element.add_override(name, value)
