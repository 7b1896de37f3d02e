"""The people and machines of an environment: groups, service principals, how they sign in and where they enter."""

from cdktf import TerraformStack

from brickyard_constructs.iam import (
    AccountAssignment,
    AccountAssignmentProps,
    AccountGroup,
    AccountGroupProps,
    FederationPolicy,
    FederationPolicyProps,
    MadeServicePrincipal,
    ObjectPermissions,
    Permission,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
    ServicePrincipalUsers,
    ServicePrincipalUsersProps,
    Target,
    WorkspaceObject,
)

ACCOUNT = "11111111-2222-3333-4444-555566667777"


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    deployer = MadeServicePrincipal(stack, "deployer", ServicePrincipalProps(name="dev-deploy"))
    run_as = ReferencedServicePrincipal(stack, "run-as", ServicePrincipalProps(name="dev-run-as"))
    members = {"deployer": deployer.id}
    team = AccountGroup(stack, "team", AccountGroupProps(name="team", members=members))
    _sign_in(stack, deployer)
    entry = AccountAssignmentProps(workspace_id=42, principal_id=deployer.id, name="dev-deploy", admin=True)
    AccountAssignment(stack, "deployer-enters", entry)
    users = ServicePrincipalUsersProps(
        account_id=ACCOUNT,
        name="dev-run-as",
        application_id=run_as.application_id,
        managers=(f"servicePrincipals/{deployer.application_id}",),
        users=("groups/team",),
    )
    ServicePrincipalUsers(stack, "run-as-users", users)
    permissions = [
        Permission(level="CAN_VIEW", group=team.name),
        Permission(level="CAN_MANAGE", service_principal=run_as.application_id),
    ]
    job = Target(kind=WorkspaceObject.JOB, name="nightly", object_id="1")
    ObjectPermissions(stack, "permissions", on=job, permissions=permissions)


def _sign_in(stack: TerraformStack, deployer: MadeServicePrincipal) -> None:
    policy = FederationPolicyProps(
        service_principal_id=deployer.id,
        policy_id="azure-devops",
        issuer="https://vstoken.dev.azure.com/aaaaaaaa-bbbb-cccc-dddd-eeeeffff0000",
        subject="p://acme/churn/dev",
        audiences=("api://AzureADTokenExchange",),
    )
    FederationPolicy(stack, "pipeline", policy)
