"""What people and jobs may start, and what there is to run on."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from brickyard_stacks.settings.ownership import Owned, Referred
from brickyard_stacks.settings.strict import Broken, Form, Kebab, Strict, Text, Texts, Uuid

PolicyName = Literal["personal", "job", "ml", "gpu"]
WarehouseSize = Literal[
    "2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large"
]
Capacity = Literal["CU_1", "CU_2", "CU_4", "CU_8"]
INSTANCE_NAME_MAX_LENGTH = 63
# Source: docs.databricks.com/aws/en/oltp/instances/create (1 to 63 characters, part of its host's name)
InstanceName = Annotated[
    str,
    Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9-]{{0,{INSTANCE_NAME_MAX_LENGTH - 1}}}$"),
    Form("1 to 63 letters, digits and dashes"),
]


class Pool(Owned):
    """An instance pool: machines that wait, so that a cluster starts sooner."""

    imported_by_name: ClassVar[bool] = False

    name: Text | None = Field(default=None, description="default: the prefix and the block's name")
    node_type: Text = Field(description="what its machines are")
    min_idle: int = Field(default=0, ge=0, le=1000, description="machines that always wait, 0 to 1000")
    max_capacity: int | None = Field(
        default=None, ge=1, le=10_000, description="machines at most, 1 to 10000; default: no limit"
    )
    idle_autotermination_minutes: int = Field(
        default=15, ge=0, le=10_000, description="minutes that a machine above min_idle waits, 0 to 10000"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """What waits fits in."""
        yield from super().broken_rules()
        if self.ownership != "create" and self.name is None:
            yield Broken(key=("name",), rule=f"required with ownership: {self.ownership}")
        if self.max_capacity is not None and self.min_idle > self.max_capacity:
            yield Broken(key=("min_idle",), rule=f"at most max_capacity, {self.max_capacity}")


class Warehouse(Referred):
    """A SQL warehouse; by default one that is there already."""

    imported_by_name: ClassVar[bool] = False

    name: Text | None = Field(default=None, description="default: the prefix and the block's name")
    size: WarehouseSize = Field(default="2X-Small", description="of each of its clusters")
    serverless: bool = Field(default=True, description="whether it runs on Databricks' own machines")
    min_clusters: int = Field(default=1, ge=1, le=30, description="clusters at least, 1 to 30")
    max_clusters: int = Field(default=1, ge=1, le=40, description="clusters at most, 1 to 40")
    auto_stop_minutes: int = Field(default=10, ge=0, le=10_000, description="minutes without a query; 0 is never")

    def broken_rules(self) -> Iterable[Broken]:
        """What is there is named, and the least is not more than the most."""
        yield from super().broken_rules()
        if self.ownership != "create" and self.name is None:
            yield Broken(key=("name",), rule=f"required with ownership: {self.ownership}: the warehouse's name")
        if self.min_clusters > self.max_clusters:
            yield Broken(key=("min_clusters",), rule=f"at most max_clusters, {self.max_clusters}")


class OnlineStore(Referred):
    """A Lakebase database instance that requests read features from: it runs all day. By default one that is there."""

    name: InstanceName | None = Field(default=None, description="default: the prefix and the block's name")
    capacity: Capacity = Field(default="CU_1", description="of each of its nodes, in compute units")
    nodes: int = Field(default=1, ge=1, le=3, description="the one that is written, and those that take over, 1 to 3")
    readable_secondaries: bool = Field(default=False, description="whether nodes that wait may be read meanwhile")
    retention_days: int = Field(default=7, ge=2, le=35, description="days that it can be set back by, 2 to 35")

    def broken_rules(self) -> Iterable[Broken]:
        """What is there is named, and a node that is read is one more than the one that is written."""
        yield from super().broken_rules()
        if self.ownership != "create" and self.name is None:
            yield Broken(key=("name",), rule=f"required with ownership: {self.ownership}: the instance's name")
        if self.readable_secondaries and self.nodes == 1:
            rule = "needs a second node to read from: nodes: 2, or remove this"
            yield Broken(key=("readable_secondaries",), rule=rule)


class Compute(Strict):
    """Policies, pools, warehouses, online stores, and the limits they set."""

    policies: tuple[PolicyName, ...] = Field(
        default=(), strict=False, description="the cluster policies to make: personal, job, ml, gpu"
    )
    cost_limit_dbu_per_hour: float | None = Field(
        default=None, gt=0, le=100_000, allow_inf_nan=False, description="the most that one cluster may cost, in DBU"
    )
    budget_policy_id: Uuid | None = Field(default=None, description="the budget policy of serverless work")
    autotermination_minutes: int = Field(
        default=30, ge=10, le=10_000, description="minutes without work until a personal cluster ends, 10 to 10000"
    )
    node_types: Texts = Field(default=(), description="what policies allow, the first one by default")
    gpu_node_types: Texts = Field(default=(), description="what the policy gpu allows, the first one by default")
    pools: dict[Kebab, Pool] = Field(default={}, description="instance pools by name")
    warehouses: dict[Kebab, Warehouse] = Field(default={}, description="SQL warehouses by name")
    online_stores: dict[Kebab, OnlineStore] = Field(default={}, description="online stores of features by name")

    def broken_rules(self) -> Iterable[Broken]:
        """A policy allows something."""
        if len(set(self.policies)) != len(self.policies):
            yield Broken(key=("policies",), rule="each policy stands once")
        if set(self.policies) - {"gpu"} and not self.node_types:
            yield Broken(key=("node_types",), rule="policies allow what it lists: name at least one node type")
        if "gpu" in self.policies and not self.gpu_node_types:
            yield Broken(key=("gpu_node_types",), rule="the policy gpu allows what it lists: name at least one")
