"""The estimate, the price file, quotas and the exit status of `brickyard doctor`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.catalog import QuotaInfo

from brickyard.clone import Clone
from brickyard.doctor.clock import compare
from brickyard.doctor.finding import Finding, Status, exit_status
from brickyard.doctor.preflight import Preflight
from brickyard.doctor.prices import InvalidPrices, load_prices
from brickyard.doctor.quotas import quotas
from brickyard.doctor.run_rate import estimate, run_rate, total
from brickyard_stacks.settings import Environment, Project, load_environment
from brickyard_stacks.settings.operations import Budget

ROOT = Path(__file__).resolve().parents[3]
PRICES = ROOT / "docs/prices.example.yaml"


def environment(**compute: Any) -> Environment:
    dev = load_environment(ROOT / "environments/dev.yaml")
    document = dev.model_dump(mode="json", exclude_unset=True)
    return Environment.model_validate({**document, "compute": compute})


def project(**endpoint: Any) -> Project:
    deployment = {"models": {"m": {}}, "endpoints": {"m": {"model": "m", **endpoint}}}
    return Project.model_validate({"name": "p", "title": "P", "deployment": deployment})


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [((), 0), (("ok", "ok"), 0), (("ok", "warning"), 1), (("warning", "problem", "ok"), 2)],
)
def test_the_exit_status_is_that_of_the_worst(statuses: tuple[Status, ...], expected: int) -> None:
    assert exit_status([Finding(check="x", status=status, said="") for status in statuses]) == expected


def test_a_warehouse_costs_nothing_idle_when_it_stops_and_its_size_when_busy() -> None:
    warehouses = {"a": {"ownership": "create", "size": "Small", "max_clusters": 2}}
    costs = list(estimate(environment(warehouses=warehouses), [], load_prices(PRICES)))
    assert total(costs) == (0, pytest.approx(12 * 0.70 * 730 * 2))

    never = {"a": {"ownership": "create", "size": "Small", "auto_stop_minutes": 0}}
    costs = list(estimate(environment(warehouses=never), [], load_prices(PRICES)))
    assert total(costs)[0] == pytest.approx(12 * 0.70 * 730)


def test_an_online_store_costs_every_node_all_month_idle_or_busy(tmp_path: Path) -> None:
    stores = {"features": {"ownership": "create", "capacity": "CU_2", "nodes": 3}, "theirs": {"name": "theirs"}}
    there = environment(online_stores=stores)

    (cost,) = estimate(there, [], load_prices(PRICES))
    assert (cost.least_usd, cost.why) == (None, "no price of its capacity")
    assert cost.what == "online store features (CU_2, nodes: 3), which runs all day"

    file = tmp_path / "prices.yaml"
    priced = yaml.safe_load(PRICES.read_text())
    priced["per_dbu"]["database"] = {"usd": 0.5, "date": date(2026, 11, 1), "source": "our contract"}
    priced["dbu_per_hour"]["online_stores"] = {"date": date(2026, 11, 1), "source": "ours", "sizes": {"CU_2": 4}}
    file.write_text(yaml.safe_dump(priced))
    assert total(list(estimate(there, [], load_prices(file)))) == (pytest.approx(4380), pytest.approx(4380))


def test_an_endpoint_that_does_not_sleep_costs_its_size_all_month() -> None:
    costs = list(estimate(environment(), [project(scale_to_zero=False)], load_prices(PRICES)))
    assert total(costs) == (pytest.approx(4 * 0.07 * 730), pytest.approx(4 * 0.07 * 730))


@pytest.mark.parametrize(
    "endpoint",
    [
        {"workload_type": "GPU_SMALL"},
        {"route": "llm", "provisioned_throughput": {"model_units": 50}},
    ],
)
def test_what_has_no_price_is_unknown_and_never_nothing(endpoint: dict[str, Any]) -> None:
    (cost,) = estimate(environment(), [project(**endpoint)], load_prices(PRICES))
    assert (cost.least_usd, cost.most_usd) == (None, None)
    assert "no price" in cost.why


def test_idle_machines_of_a_pool_without_a_price_are_unknown() -> None:
    pools = {"warm": {"node_type": "i3.xlarge", "min_idle": 2}}
    (cost,) = estimate(environment(pools=pools), [], load_prices(PRICES))
    assert cost.most_usd is None
    assert "i3.xlarge" in cost.why


def test_each_price_of_the_example_has_a_date_and_a_source() -> None:
    prices = load_prices(PRICES)
    assert all(price.source and price.date for price in prices.per_dbu.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"per_dbu": {"sql_serverless": {"usd": 0.7}}}, "per_dbu.sql_serverless.date"),
        ({"per_dbu": {"sql_serverless": {"usd": -1, "date": "2026-01-01", "source": "x"}}}, "usd"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_price_file_is_explained_by_its_keys(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(PRICES.read_text()), **change}))
    with pytest.raises(InvalidPrices, match=said):
        load_prices(file)
    with pytest.raises(InvalidPrices, match="cannot be read"):
        load_prices(tmp_path / "absent.yaml")


@pytest.mark.parametrize(("off_s", "status"), [(0, "ok"), (59, "ok"), (61, "warning"), (301, "problem")])
def test_a_clock_that_is_off_is_told_before_a_signature_is_refused(off_s: int, status: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert compare(now, now + timedelta(seconds=off_s)).status == status
    assert compare(now + timedelta(seconds=off_s), now).status == status


def preflight(environment: Environment, *projects: Project, client: object = None) -> Preflight:
    return Preflight(
        clone=Clone.find(ROOT), environment=environment, projects=projects, variables={}, client=cast("Any", client)
    )


def metastore(listed: Callable[[], list[QuotaInfo]]) -> Any:
    return SimpleNamespace(resource_quotas=SimpleNamespace(list_quotas=listed))


def quota(name: str, count: int) -> QuotaInfo:
    return QuotaInfo(parent_full_name="acme_dev", quota_name=name, quota_count=count, quota_limit=100)


def test_a_quota_that_is_nearly_or_wholly_used_is_told_by_name() -> None:
    listed = [quota("schema-quota", 79), quota("table-quota", 80), quota("volume-quota", 100)]

    found = list(quotas(preflight(environment(), client=metastore(lambda: listed))))

    assert [(each.status, each.said) for each in found] == [
        ("warning", "table-quota of acme_dev: 80 of 100"),
        ("problem", "volume-quota of acme_dev: 100 of 100"),
    ]
    (fine,) = quotas(preflight(environment(), client=metastore(lambda: listed[:1])))
    assert (fine.status, fine.said) == ("ok", "1 quotas, none above 80%")


def test_quotas_that_this_sign_in_may_not_list_are_unknown_and_not_fine() -> None:
    def refused() -> list[QuotaInfo]:
        raise PermissionDenied("only metastore administrators")

    (found,) = quotas(preflight(environment(), client=metastore(refused)))

    assert found.status == "warning"
    assert "not known: only metastore administrators" in found.said
    assert "metastore administrator" in found.fix


@pytest.mark.parametrize(
    ("monthly_usd", "told"), [(7000, None), (6200, ("warning", "always busy")), (6000, ("problem", "even idle"))]
)
def test_the_run_rate_is_a_range_that_names_prices_and_what_is_unknown_and_is_held_against_the_budget(
    monthly_usd: float, told: tuple[str, str] | None
) -> None:
    always_on = environment(warehouses={"main": {"ownership": "create", "size": "Small", "auto_stop_minutes": 0}})
    settings = always_on.model_copy(update={"budget": Budget(monthly_usd=monthly_usd)})
    large = project(route="llm", provisioned_throughput={"model_units": 50})

    rate, unknown, *over = run_rate(preflight(settings, project(), large))

    assert rate.said.startswith("6,132 (idle) to 6,336 (always busy) USD a month for 2 of 3 things, by docs/prices")
    assert (unknown.status, unknown.said) == (
        "warning",
        "endpoint p/m: not known: no price of its provisioned throughput",
    )
    assert [each.status for each in over] == ([told[0]] if told else [])
    assert all(told and told[1] in each.said for each in over)
