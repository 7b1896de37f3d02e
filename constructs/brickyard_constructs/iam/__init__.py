"""Identities: who there is, who enters a workspace and how; permissions on workspace objects."""

from brickyard_constructs.iam.account_group import (
    AccountGroup,
    AccountGroupProps,
    GroupMembership,
    GroupMembershipProps,
)
from brickyard_constructs.iam.entitlements import EntitlementsProps, PrincipalEntitlements
from brickyard_constructs.iam.federation_policy import FederationPolicy, FederationPolicyProps
from brickyard_constructs.iam.object_permissions import ObjectPermissions, Permission, Target
from brickyard_constructs.iam.permission_levels import LEVELS, WorkspaceObject
from brickyard_constructs.iam.service_principal_identity import (
    MadeServicePrincipal,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
)
from brickyard_constructs.iam.service_principal_users import ServicePrincipalUsers, ServicePrincipalUsersProps
from brickyard_constructs.iam.workspace_assignment import (
    AccountAssignment,
    AccountAssignmentProps,
    WorkspaceEntry,
    WorkspaceEntryProps,
)

__all__ = [
    "LEVELS",
    "AccountAssignment",
    "AccountAssignmentProps",
    "AccountGroup",
    "AccountGroupProps",
    "EntitlementsProps",
    "FederationPolicy",
    "FederationPolicyProps",
    "GroupMembership",
    "GroupMembershipProps",
    "MadeServicePrincipal",
    "ObjectPermissions",
    "Permission",
    "PrincipalEntitlements",
    "ReferencedServicePrincipal",
    "ServicePrincipalProps",
    "ServicePrincipalUsers",
    "ServicePrincipalUsersProps",
    "Target",
    "WorkspaceEntry",
    "WorkspaceEntryProps",
    "WorkspaceObject",
]
