"""The three SCIM resource types: where they are kept and what names them."""

from dataclasses import dataclass

from brickyard_local.directory import ADMINS_GROUP, EVERYBODY, USERS_GROUP
from brickyard_local.errors import NotFound

BUILT_IN_GROUPS = frozenset({USERS_GROUP, ADMINS_GROUP})
RESERVED_GROUPS = BUILT_IN_GROUPS | {EVERYBODY}

_CORE = "urn:ietf:params:scim:schemas:core:2.0:"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceType:
    """One SCIM resource type. `name_field` holds the name that grants and ACLs use."""

    path: str
    kind: str
    name_field: str
    schema: str
    noun: str


USERS = ResourceType(path="Users", kind="users", name_field="userName", schema=_CORE + "User", noun="user")
GROUPS = ResourceType(path="Groups", kind="groups", name_field="displayName", schema=_CORE + "Group", noun="group")
SERVICE_PRINCIPALS = ResourceType(
    path="ServicePrincipals",
    kind="service_principals",
    name_field="applicationId",
    schema=_CORE + "ServicePrincipal",
    noun="service principal",
)

RESOURCE_TYPES = (USERS, GROUPS, SERVICE_PRINCIPALS)


def resource_type(path: str) -> ResourceType:
    """The type of a path segment. Errors: NotFound."""
    for known in RESOURCE_TYPES:
        if known.path == path:
            return known
    raise NotFound(f"SCIM has no resources '{path}': use Users, Groups or ServicePrincipals.")
