"""Sign-in without secrets: whose tokens Databricks takes for a service principal."""

import re
from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.service_principal_federation_policy import (
    ServicePrincipalFederationPolicy,
    ServicePrincipalFederationPolicyOidcPolicy,
)
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam.principal_ids import as_number
from brickyard_constructs.ownership import claim

_ISSUER = re.compile(r"https://[^\s/?#]+[^\s?#]*")
# Source: docs.databricks.com/api/account/serviceprincipalfederationpolicy/create: policy_id.
_POLICY_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class FederationPolicyProps:
    """Which workload of which issuer may sign in as the service principal.

    `subject` names one workload exactly, such as `repo:acme/churn:environment:prod` of GitHub or
    `p://acme/churn/prod` of Azure DevOps. Without `audiences`, the token is to be for the Databricks account.
    """

    service_principal_id: str
    policy_id: str
    issuer: str
    subject: str
    audiences: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        check_not_empty("service_principal_id", self.service_principal_id)
        if not _POLICY_ID.fullmatch(self.policy_id):
            raise InvalidProps(
                "policy_id", self.policy_id, rule="1 to 63 of a-z, 0-9 and -, neither first nor last a -"
            )
        if known(self.issuer) and not _ISSUER.fullmatch(self.issuer):
            raise InvalidProps("issuer", self.issuer, rule="an https:// address, as the token's `iss` says it")
        if not self.subject or "*" in self.subject or self.subject != self.subject.strip():
            rule = "one workload, exactly as the token's `sub` says it: Databricks compares, and knows no wildcard"
            raise InvalidProps("subject", self.subject, rule=rule)
        for audience in self.audiences:
            check_not_empty("audiences", audience)


class FederationPolicy(Construct):
    """Lets a pipeline sign in as a service principal with a token that its own platform signs for minutes.

    It takes an account-level provider. This library has no construct that makes a secret of a service principal.

    Creates: databricks_service_principal_federation_policy.
    Errors: TwoOwners, when another construct of the app owns the same policy.
    Source: docs.databricks.com/aws/en/dev-tools/auth/oauth-federation-policy
    """

    def __init__(self, scope: Construct, id_: str, props: FederationPolicyProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"federation policy {props.policy_id} of {props.service_principal_id}")
        self.policy = ServicePrincipalFederationPolicy(
            self,
            "Resource",
            service_principal_id=as_number("service_principal_id", props.service_principal_id),
            policy_id=props.policy_id,
            description=props.description or None,
            oidc_policy=ServicePrincipalFederationPolicyOidcPolicy(
                issuer=props.issuer, subject=props.subject, audiences=list(props.audiences) or None
            ),
        )
