"""What people and jobs may start, and what there is to run on."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from brickyard_stacks.settings.ownership import Owned, Referred
from brickyard_stacks.settings.strict import Broken, Kebab, Strict, Text, Texts, Uuid

PolicyName = Literal["personal", "job", "ml", "gpu"]
WarehouseSize = Literal[
    "2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large"
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


class Compute(Strict):
    """Policies, pools, warehouses, and the limits they set."""

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

    def broken_rules(self) -> Iterable[Broken]:
        """A policy allows something."""
        if len(set(self.policies)) != len(self.policies):
            yield Broken(key=("policies",), rule="each policy stands once")
        if set(self.policies) - {"gpu"} and not self.node_types:
            yield Broken(key=("node_types",), rule="policies allow what it lists: name at least one node type")
        if "gpu" in self.policies and not self.gpu_node_types:
            yield Broken(key=("gpu_node_types",), rule="the policy gpu allows what it lists: name at least one")
