"""The people and machines of an environment: groups, service principals, how they sign in and where they enter."""

from cdktf import TerraformStack

from brickyard_constructs.iam import (
    AccountAssignment,
    AccountAssignmentProps,
    AccountGroup,
    AccountGroupProps,
    EntitlementsProps,
    FederationPolicy,
    FederationPolicyProps,
    GroupMembership,
    GroupMembershipProps,
    MadeServicePrincipal,
    ObjectPermissions,
    Permission,
    PrincipalEntitlements,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
    ServicePrincipalUsers,
    ServicePrincipalUsersProps,
    Target,
    WorkspaceEntry,
    WorkspaceEntryProps,
    WorkspaceObject,
)

ACCOUNT = "11111111-2222-3333-4444-555566667777"


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    deployer = MadeServicePrincipal(stack, "deployer", ServicePrincipalProps(name="dev-deploy"))
    run_as = ReferencedServicePrincipal(stack, "run-as", ServicePrincipalProps(name="dev-run-as"))
    members = {"deployer": deployer.id}
    team = AccountGroup(stack, "team", AccountGroupProps(name="team", members=members))
    theirs = GroupMembershipProps(group_id="1234", members=members)
    GroupMembership(stack, "their-group", theirs)
    _sign_in(stack, deployer)
    _enter(stack, team, deployer)
    users = ServicePrincipalUsersProps(
        account_id=ACCOUNT,
        application_id=run_as.application_id,
        manager_service_principals=(deployer.application_id,),
        user_groups=("team",),
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


def _enter(stack: TerraformStack, team: AccountGroup, deployer: MadeServicePrincipal) -> None:
    """By the workspace's own administrator, or by the account's."""
    WorkspaceEntry(stack, "team-enters", WorkspaceEntryProps(group=team.name))
    entry = AccountAssignmentProps(workspace_id=42, principal_id=deployer.id, name="dev-deploy", admin=True)
    AccountAssignment(stack, "deployer-enters", entry)
    entitled = EntitlementsProps(
        kind="group", name="team", principal_id=team.group.id, workspace_access=True, sql_access=True
    )
    PrincipalEntitlements(stack, "entitlements", entitled)
