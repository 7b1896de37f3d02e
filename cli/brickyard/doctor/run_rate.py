"""What the environment costs in a month, from the sizes that its settings say: from idle to always busy.

The least is what runs when nobody works; the most is everything configured running all month. Where between, only
use tells. What has no price is named, and never counted as nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight
from brickyard.doctor.prices import InvalidPrices, Prices, load_prices
from brickyard_stacks.settings import Environment, Project
from brickyard_stacks.settings.compute import OnlineStore, Warehouse
from brickyard_stacks.settings.deployment.endpoints import Endpoint

_CHECK = "run rate"
HOURS_A_MONTH = 730


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """One thing's US dollars in a month, at least and at most; None where a price is unknown."""

    what: str
    least_usd: float | None
    most_usd: float | None
    why: str = ""


def run_rate(preflight: Preflight) -> Iterator[Finding]:
    """The sum, every unknown by name, and whether the budget holds."""
    environment = preflight.environment
    if environment.stage == "local":
        yield Finding(check=_CHECK, status="ok", said="nothing: it runs on this machine")
        return
    named = environment.prices or "docs/prices.example.yaml"
    try:
        prices = load_prices(preflight.clone.root / named)
    except InvalidPrices as error:
        yield Finding(check=_CHECK, status="warning", said=str(error), fix="correct the file, or the key `prices`")
        return
    costs = list(estimate(environment, preflight.projects, prices))
    least, most = total(costs)
    known = sum(cost.most_usd is not None for cost in costs)
    said = f"{least:,.0f} (idle) to {most:,.0f} (always busy) USD a month for {known} of {len(costs)} things"
    yield Finding(check=_CHECK, status="ok", said=f"{said}, by {named} (oldest price: {prices.oldest})")
    for cost in costs:
        if cost.most_usd is None:
            fix = f"add its price to {named}" if "price" in cost.why else ""
            yield Finding(check=_CHECK, status="warning", said=f"{cost.what}: not known: {cost.why}", fix=fix)
    yield from _budget(environment, least, most)


def estimate(environment: Environment, projects: Sequence[Project], prices: Prices) -> Iterator[Cost]:
    """Each thing with a size. Jobs are not in it: what a run takes, only runs tell."""
    for name, warehouse in environment.compute.warehouses.items():
        if warehouse.ownership != "reference":
            yield _warehouse(name, warehouse, prices)
    stores = environment.compute.online_stores
    yield from (_online_store(name, stores[name], prices) for name in stores if stores[name].ownership != "reference")
    for name, pool in environment.compute.pools.items():
        price = prices.nodes.get(pool.node_type)
        if pool.min_idle and pool.ownership != "reference":
            usd = price.usd * pool.min_idle * HOURS_A_MONTH if price else None
            why = f"no price of the machine type {pool.node_type}"
            yield Cost(what=f"pool {name}, {pool.min_idle} idle", least_usd=usd, most_usd=usd, why=why)
    for project in projects:
        for name, endpoint in project.endpoints.items():
            yield _endpoint(f"endpoint {project.name}/{name}", endpoint, prices)
        if project.workflow is not None or project.deployment.jobs:
            why = "what a run takes, only runs tell (system.billing.usage)"
            yield Cost(what=f"jobs of {project.name}", least_usd=None, most_usd=None, why=why)


def total(costs: Sequence[Cost]) -> tuple[float, float]:
    """The known ones, at least and at most, in US dollars a month."""
    return sum(cost.least_usd or 0 for cost in costs), sum(cost.most_usd or 0 for cost in costs)


def _warehouse(name: str, warehouse: Warehouse, prices: Prices) -> Cost:
    """Without auto-stop its least number of clusters always runs."""
    what = f"warehouse {name} ({warehouse.size})"
    price = prices.per_dbu.get("sql_serverless" if warehouse.serverless else "sql_pro")
    dbu = prices.dbu_per_hour.warehouses.sizes.get(warehouse.size)
    if price is None or dbu is None:
        return Cost(what=what, least_usd=None, most_usd=None, why="no price of its size")
    hourly_usd = dbu * price.usd
    always = 0 if warehouse.auto_stop_minutes else warehouse.min_clusters
    month_usd = hourly_usd * HOURS_A_MONTH
    return Cost(what=what, least_usd=month_usd * always, most_usd=month_usd * warehouse.max_clusters)


def _online_store(name: str, store: OnlineStore, prices: Prices) -> Cost:
    """It never stops: idle or busy, each node costs its capacity all month."""
    what = f"online store {name} ({store.capacity}, nodes: {store.nodes}), which runs all day"
    price, sizes = prices.per_dbu.get("database"), prices.dbu_per_hour.online_stores
    dbu = sizes.sizes.get(store.capacity) if sizes is not None else None
    if price is None or dbu is None:
        return Cost(what=what, least_usd=None, most_usd=None, why="no price of its capacity")
    month_usd = dbu * price.usd * HOURS_A_MONTH * store.nodes
    return Cost(what=what, least_usd=month_usd, most_usd=month_usd)


def _endpoint(what: str, endpoint: Endpoint, prices: Prices) -> Cost:
    """Scaled to zero it costs nothing while nobody asks; else its size is held ready."""
    size = endpoint.workload_size or "Small"
    price, dbu = prices.per_dbu.get("model_serving"), prices.dbu_per_hour.endpoints.sizes.get(size)
    if endpoint.provisioned_throughput is not None:
        return Cost(what=what, least_usd=None, most_usd=None, why="no price of its provisioned throughput")
    if endpoint.workload_type != "CPU" or price is None or dbu is None:
        why = f"no price of {endpoint.workload_type} {size}"
        return Cost(what=f"{what} ({size})", least_usd=None, most_usd=None, why=why)
    month_usd = dbu * price.usd * HOURS_A_MONTH
    least_usd = 0 if endpoint.scale_to_zero else month_usd
    return Cost(what=f"{what} ({size})", least_usd=least_usd, most_usd=month_usd)


def _budget(environment: Environment, least: float, most: float) -> Iterator[Finding]:
    if environment.budget is None:
        return
    budget = environment.budget.monthly_usd
    if least > budget:
        said = f"even idle it costs {least:,.0f} USD a month, the budget is {budget:,.0f}"
        fix = "smaller sizes, scale_to_zero, auto_stop_minutes, or a larger budget.monthly_usd"
        yield Finding(check=_CHECK, status="problem", said=said, fix=fix)
    elif most > budget:
        said = f"always busy it would cost {most:,.0f} USD a month, above the budget of {budget:,.0f}"
        yield Finding(check=_CHECK, status="warning", said=said, fix="watch system.billing.usage, or limit the sizes")
