"""Lakebase database instances: managed Postgres, into which Databricks copies tables for requests to read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.database_instance import DatabaseInstance as DatabaseInstanceResource
from cdktf_cdktf_provider_databricks.database_instance import DatabaseInstanceCustomTags
from constructs import Construct

from brickyard_constructs.checks import check_between, check_not_empty, check_one_of, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over

CAPACITIES = ("CU_1", "CU_2", "CU_4", "CU_8")
# Source: docs.databricks.com/aws/en/oltp/instances/create: 1 to 63 characters. It begins the host's name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseInstanceProps:
    """How large each node is, how many there are, how far back it can be set, and who may use it.

    `capacity` is in compute units and `retention_days` in days. One that is adopted is imported by its name. With
    `protected`, Terraform refuses to delete it; without, Terraform deletes it for good, with what is in it.
    """

    name: str
    permissions: tuple[Permission, ...]
    capacity: str = "CU_1"
    nodes: int = 1
    readable_secondaries: bool = False
    retention_days: int = 7
    usage_policy_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership = "create"
    import_id: str = ""
    protected: bool = True

    def __post_init__(self) -> None:
        if known(self.name) and not _NAME.fullmatch(self.name):
            raise InvalidProps("name", self.name, rule="1 to 63 letters, digits and dashes, no dash at the beginning")
        check_not_empty("permissions", self.permissions)
        check_one_of("capacity", self.capacity, CAPACITIES)
        check_between("nodes", self.nodes, 1, 3)
        check_between("retention_days", self.retention_days, 2, 35)
        if self.readable_secondaries and self.nodes == 1:
            raise InvalidProps(
                "readable_secondaries", self.readable_secondaries, rule="needs a second node to read from: nodes=2"
            )
        check_ownership(self.ownership)
        if self.ownership == "reference":
            raise InvalidProps("ownership", self.ownership, rule="create or adopt: others' instances are only named")


class DatabaseInstance(Construct):
    """A Postgres of one writable node and those that take over, which nobody signs in to by a password.

    It runs, and costs, until it is deleted. Databricks deletes an instance only with `purge`, which nothing brings back
    from; so Terraform is told to purge what is not protected, and a protected one stops the plan.

    Creates: databricks_database_instance; databricks_permissions.
    Gaps: since March 2026 Databricks makes each new instance as a project of Lakebase Autoscaling, which answers this
    resource as before; a change of `capacity` restarts its nodes.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/database_instance;
    docs.databricks.com/aws/en/oltp/update-to-autoscaling-terraform; terraform-provider-databricks issue 4823 (purge)
    """

    def __init__(self, scope: Construct, id_: str, props: DatabaseInstanceProps) -> None:
        super().__init__(scope, id_)
        tags = [DatabaseInstanceCustomTags(key=key, value=value) for key, value in sorted(props.tags.items())]
        self.instance = DatabaseInstanceResource(
            self,
            "Resource",
            name=props.name,
            capacity=props.capacity,
            node_count=props.nodes,
            enable_readable_secondaries=props.readable_secondaries,
            retention_window_in_days=props.retention_days,
            enable_pg_native_login=False,
            usage_policy_id=props.usage_policy_id,
            custom_tags=tags or None,
            purge_on_delete=not props.protected,
            lifecycle=protection(props.protected),
        )
        take_over(self.instance, props.ownership, props.import_id or props.name)
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.DATABASE_INSTANCE, name=props.name, object_id=self.instance.name),
            permissions=props.permissions,
        )
