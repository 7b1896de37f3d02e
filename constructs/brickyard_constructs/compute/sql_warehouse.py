"""SQL warehouses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.data_databricks_sql_warehouse import DataDatabricksSqlWarehouse
from cdktf_cdktf_provider_databricks.sql_endpoint import (
    SqlEndpoint,
    SqlEndpointChannel,
    SqlEndpointTags,
    SqlEndpointTagsCustomTags,
)
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_between, check_not_empty, check_one_of
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over
from brickyard_constructs.upstream import count_if, found

SIZES = ("2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large")
_CHANNELS = ("CHANNEL_NAME_CURRENT", "CHANNEL_NAME_PREVIEW")
# Source: the provider's documentation of databricks_sql_endpoint: serverless may stop after 1 minute, others after 10.
_LEAST_AUTO_STOP = {True: 1, False: 10}


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlWarehouseProps:
    """How big, how long it may idle, and who may use it. Adopted ones have their id as `import_id`.

    Databricks starts a new warehouse; `wait_until_running` makes a failed start fail the deployment too.
    """

    name: str
    permissions: tuple[Permission, ...]
    size: str = "2X-Small"
    serverless: bool = True
    min_clusters: int = 1
    max_clusters: int = 1
    auto_stop_minutes: int = 10
    channel: str = "CHANNEL_NAME_CURRENT"
    wait_until_running: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership = "create"
    import_id: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("permissions", self.permissions)
        check_one_of("size", self.size, SIZES)
        check_one_of("channel", self.channel, _CHANNELS)
        check_between("min_clusters", self.min_clusters, 1, 30)
        check_between("max_clusters", self.max_clusters, 1, 40)
        check_at_least("max_clusters", self.max_clusters, self.min_clusters)
        least = _LEAST_AUTO_STOP[self.serverless]
        if self.auto_stop_minutes and self.auto_stop_minutes < least:
            raise InvalidProps("auto_stop_minutes", self.auto_stop_minutes, rule=f"0 (never) or at least {least}")
        check_ownership(self.ownership)
        if self.ownership == "adopt":
            check_not_empty("import_id", self.import_id)


class SqlWarehouse(Construct):
    """A SQL warehouse, serverless unless said otherwise, which stops by itself.

    Creates: databricks_sql_endpoint; databricks_permissions.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/sql_endpoint
    """

    def __init__(self, scope: Construct, id_: str, props: SqlWarehouseProps) -> None:
        super().__init__(scope, id_)
        tags = [SqlEndpointTagsCustomTags(key=key, value=value) for key, value in sorted(props.tags.items())]
        self.warehouse = SqlEndpoint(
            self,
            "Resource",
            name=props.name,
            cluster_size=props.size,
            warehouse_type="PRO",
            enable_serverless_compute=props.serverless,
            min_num_clusters=props.min_clusters,
            max_num_clusters=props.max_clusters,
            auto_stop_mins=props.auto_stop_minutes,
            channel=SqlEndpointChannel(name=props.channel),
            tags=SqlEndpointTags(custom_tags=tags) if tags else None,
            no_wait=None if props.wait_until_running else True,
            lifecycle=protection(props.protected),
        )
        take_over(self.warehouse, props.ownership, props.import_id)
        self.warehouse_id = self.warehouse.id
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.SQL_WAREHOUSE, name=props.name, object_id=self.warehouse.id),
            permissions=props.permissions,
        )


class ReferencedSqlWarehouse(Construct):
    """A warehouse that others own, looked up by its name, once the condition `when` holds. Nothing of it is changed.

    Creates: nothing; it reads the data source databricks_sql_warehouse.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/sql_warehouse
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, when: str | None = None) -> None:
        super().__init__(scope, id_)
        check_not_empty("name", name)
        self.warehouse = DataDatabricksSqlWarehouse(self, "Resource", name=name, count=count_if(when))
        self.warehouse_id = (
            self.warehouse.id
            if when is None
            else found("databricks_sql_warehouse", self.warehouse.friendly_unique_id, "id", name=name)
        )
