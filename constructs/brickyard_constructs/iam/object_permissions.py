"""Permissions on workspace objects: one authoritative list for each object."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf_cdktf_provider_databricks.permissions import Permissions, PermissionsAccessControl
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam.permission_levels import LEVELS, WorkspaceObject
from brickyard_constructs.ownership import claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """What a group, a service principal (by its application id) or a user (by name) may do."""

    level: str
    group: str | None = None
    service_principal: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_not_empty("level", self.level)
        named = (self.group, self.service_principal, self.user)
        if sum(name is not None for name in named) != 1:
            raise InvalidProps("group, service_principal, user", named, rule="exactly one of them is named")

    @property
    def principal(self) -> str:
        """Whoever it is for."""
        return self.group or self.service_principal or self.user or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The object: its plain name tells two targets apart, and its id refers to the resource."""

    kind: WorkspaceObject
    name: str
    object_id: str


class ObjectPermissions(Construct):
    """Every permission on one workspace object, apart from its owner's and the administrators'.

    Authoritative, as SecurableGrants; the provider keeps the caller's own right to manage. Who deploys may not stand
    in it with less than that right: the provider refuses the apply. Of a referenced object leave it out: Databricks
    knows no permission that only adds.

    Creates: databricks_permissions.
    Errors: TwoOwners, when another construct of the app owns the same object.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/permissions
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        on: Target,
        permissions: Sequence[Permission],
        count: float | None = None,
    ) -> None:
        """`count` is a reference to a condition, for an object that may not be there yet."""
        super().__init__(scope, id_)
        check_not_empty("permissions", permissions)
        claim(self, f"{on.kind.label} {on.name}".replace("/", ":"))
        blocks = [
            PermissionsAccessControl(
                permission_level=p.level,
                group_name=p.group,
                service_principal_name=p.service_principal,
                user_name=p.user,
            )
            for p in _strongest(permissions, on.kind)
        ]
        identified: dict[str, Any] = {on.kind.value: on.object_id}
        self.permissions = Permissions(self, "Resource", access_control=blocks, count=count, **identified)


def _strongest(permissions: Sequence[Permission], kind: WorkspaceObject) -> list[Permission]:
    """One for each principal, in their order: what several roles give to one is the strongest of it."""
    levels = LEVELS[kind]
    strongest: dict[str, Permission] = {}
    for permission in permissions:
        _check(permission, kind)
        before = strongest.get(permission.principal, permission)
        stronger = levels.index(permission.level) > levels.index(before.level)
        strongest[permission.principal] = permission if stronger else before
    return list(strongest.values())


def _check(permission: Permission, kind: WorkspaceObject) -> None:
    if permission.level not in LEVELS[kind]:
        raise InvalidProps("level", permission.level, rule=f"one of {', '.join(LEVELS[kind])} on a {kind.label}")
    if permission.group == "admins" and kind is not WorkspaceObject.AUTHORIZATION:
        raise InvalidProps("group", "admins", rule="administrators hold every right already: the provider refuses it")
