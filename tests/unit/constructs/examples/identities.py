"""A group, service principals, and what they may do with a job."""

from cdktf import TerraformStack

from brickyard_constructs.iam import (
    AccountGroup,
    AccountGroupProps,
    MadeServicePrincipal,
    ObjectPermissions,
    Permission,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
    Target,
    WorkspaceObject,
)


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    robot = MadeServicePrincipal(stack, "robot", ServicePrincipalProps(name="robot"))
    members = {"robot": robot.service_principal.id}
    team = AccountGroup(stack, "team", AccountGroupProps(name="team", members=members))
    other = ReferencedServicePrincipal(stack, "other", ServicePrincipalProps(name="run-as"))
    ObjectPermissions(
        stack,
        "permissions",
        on=Target(kind=WorkspaceObject.JOB, name="nightly", object_id="1"),
        permissions=[
            Permission(level="CAN_VIEW", group=team.name),
            Permission(level="CAN_MANAGE", service_principal=other.application_id),
        ],
    )
