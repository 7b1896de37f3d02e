"""Identities: who there is, who enters a workspace and how; permissions on workspace objects."""

from brickyard_constructs.iam.account_group import AccountGroup, AccountGroupProps
from brickyard_constructs.iam.federation_policy import FederationPolicy, FederationPolicyProps
from brickyard_constructs.iam.object_permissions import ObjectPermissions, Permission, Target
from brickyard_constructs.iam.permission_levels import LEVELS, WorkspaceObject
from brickyard_constructs.iam.service_principal_identity import (
    MadeServicePrincipal,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
)
from brickyard_constructs.iam.service_principal_users import ServicePrincipalUsers, ServicePrincipalUsersProps
from brickyard_constructs.iam.workspace_assignment import AccountAssignment, AccountAssignmentProps

__all__ = [
    "LEVELS",
    "AccountAssignment",
    "AccountAssignmentProps",
    "AccountGroup",
    "AccountGroupProps",
    "FederationPolicy",
    "FederationPolicyProps",
    "MadeServicePrincipal",
    "ObjectPermissions",
    "Permission",
    "ReferencedServicePrincipal",
    "ServicePrincipalProps",
    "ServicePrincipalUsers",
    "ServicePrincipalUsersProps",
    "Target",
    "WorkspaceObject",
]
