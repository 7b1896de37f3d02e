"""Identities, and permissions on workspace objects."""

from brickyard_constructs.iam.account_group import AccountGroup, AccountGroupProps
from brickyard_constructs.iam.object_permissions import (
    LEVELS,
    ObjectPermissions,
    Permission,
    Target,
    WorkspaceObject,
)
from brickyard_constructs.iam.service_principal_identity import (
    MadeServicePrincipal,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
)

__all__ = [
    "LEVELS",
    "AccountGroup",
    "AccountGroupProps",
    "MadeServicePrincipal",
    "ObjectPermissions",
    "Permission",
    "ReferencedServicePrincipal",
    "ServicePrincipalProps",
    "Target",
    "WorkspaceObject",
]
