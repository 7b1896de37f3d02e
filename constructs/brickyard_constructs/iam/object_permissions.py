"""Permissions on workspace objects: one authoritative list for each object."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cdktf_cdktf_provider_databricks.permissions import Permissions, PermissionsAccessControl
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import claim


class WorkspaceObject(StrEnum):
    """The objects that hold permissions here; the values are arguments of databricks_permissions."""

    JOB = "job_id"
    EXPERIMENT = "experiment_id"
    SERVING_ENDPOINT = "serving_endpoint_id"
    CLUSTER_POLICY = "cluster_policy_id"
    INSTANCE_POOL = "instance_pool_id"
    CLUSTER = "cluster_id"
    SQL_WAREHOUSE = "sql_endpoint_id"
    ALERT = "alert_v2_id"
    DIRECTORY = "directory_path"
    NOTEBOOK = "notebook_path"
    WORKSPACE_FILE = "workspace_file_path"


# Source: docs.databricks.com, "Access control lists": the levels of each kind of object.
LEVELS: dict[WorkspaceObject, tuple[str, ...]] = {
    WorkspaceObject.JOB: ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
    WorkspaceObject.EXPERIMENT: ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    WorkspaceObject.SERVING_ENDPOINT: ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
    WorkspaceObject.CLUSTER_POLICY: ("CAN_USE",),
    WorkspaceObject.INSTANCE_POOL: ("CAN_ATTACH_TO", "CAN_MANAGE"),
    WorkspaceObject.CLUSTER: ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
    WorkspaceObject.SQL_WAREHOUSE: ("CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE", "IS_OWNER"),
    WorkspaceObject.ALERT: ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    WorkspaceObject.DIRECTORY: ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    WorkspaceObject.NOTEBOOK: ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    WorkspaceObject.WORKSPACE_FILE: ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """What a group, or a service principal (by its application id), may do."""

    level: str
    group: str | None = None
    service_principal: str | None = None

    def __post_init__(self) -> None:
        check_not_empty("level", self.level)
        if (self.group is None) == (self.service_principal is None):
            got = (self.group, self.service_principal)
            raise InvalidProps("group, service_principal", got, rule="exactly one of the two is named")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The object: its plain name tells two targets apart, and its id refers to the resource."""

    kind: WorkspaceObject
    name: str
    object_id: str


class ObjectPermissions(Construct):
    """Every permission on one workspace object, apart from its owner's and the administrators'.

    Authoritative, as SecurableGrants; the provider keeps the caller's own right to manage.

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
        for permission in permissions:
            if known(permission.level) and permission.level not in LEVELS[on.kind]:
                raise InvalidProps("level", permission.level, rule=f"one of {', '.join(LEVELS[on.kind])}")
        claim(self, f"{on.kind.removesuffix('_id')} {on.name}".replace("/", ":"))
        blocks = [
            PermissionsAccessControl(
                permission_level=p.level, group_name=p.group, service_principal_name=p.service_principal
            )
            for p in permissions
        ]
        identified: dict[str, Any] = {on.kind.value: on.object_id}
        self.permissions = Permissions(self, "Resource", access_control=blocks, count=count, **identified)
