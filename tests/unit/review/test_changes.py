"""A reviewer sees what changes, why, and what is built on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brickyard_review import Review
from brickyard_review.analyses.differences import differences
from brickyard_review.analyses.prices import Prices, read_prices
from brickyard_review.errors import InvalidPrices
from brickyard_review.sources import read_sources

Reviewer = Callable[..., Review]


def paths(before: Any, after: Any) -> list[str]:
    return [found.path for found in differences(before, after)]


def test_elements_of_lists_are_told_apart_by_their_keys() -> None:
    before = {"task": [{"task_key": "a", "x": 1}, {"task_key": "b", "x": 1}]}
    after = {"task": [{"task_key": "b", "x": 2}, {"task_key": "c", "x": 1}]}

    assert paths(before, after) == ["task[a]", "task[b].x", "task[c]"]


def test_json_texts_are_compared_by_what_they_say() -> None:
    assert paths({"definition": '{"a": 1, "b": {"c": 2}}'}, {"definition": '{"b":{"c":3},"a":1}'}) == ["definition.b.c"]


def test_what_is_empty_in_two_ways_does_not_differ() -> None:
    assert not paths({"a": None, "b": [], "c": ""}, {"a": [], "b": {}, "c": None})


def test_run_as_is_one_block_whoever_it_is() -> None:
    was, will = {"run_as": [{"service_principal_name": "p"}]}, {"run_as": [{"service_principal_name": "q"}]}

    assert paths(was, will) == ["run_as.service_principal_name"]


def test_a_replacement_names_the_attribute_that_forces_it(review: Reviewer) -> None:
    change = {"address": "databricks_schema.s", "actions": ["delete", "create"], "replace_paths": [["name"]]}
    stack = review({**change, "before": {"name": "a", "c": 1}, "after": {"name": "b", "c": 2}}).stacks[0]

    assert stack.changes[0].forced_by == ("name",)
    assert [(a.path, a.forces_replacement) for a in stack.changes[0].attributes] == [("name", True), ("c", False)]
    assert stack.changes[0].title == "schema a"


def test_jobs_are_described_in_words(review: Reviewer) -> None:
    before = {
        "name": "j",
        "schedule": [{"pause_status": "UNPAUSED"}],
        "task": [{"task_key": "t", "timeout_seconds": 60}],
    }
    after = {"name": "j", "schedule": [{"pause_status": "PAUSED"}], "task": [{"task_key": "t", "timeout_seconds": 9}]}
    stack = review({"address": "databricks_job.j", "actions": ["update"], "before": before, "after": after}).stacks[0]

    assert stack.changes[0].sentences == (
        "schedule is now PAUSED (was UNPAUSED)",
        "task t: timeout in seconds: 60 → 9",
    )


MODULES = {
    "root_module": {
        "resources": [
            {"address": "terraform_data.root"},
            {"address": "terraform_data.last", "expressions": {"input": {"references": ["module.m.out", "module.m"]}}},
            {"address": "terraform_data.after", "depends_on": ["module.m"]},
        ],
        "module_calls": {
            "m": {
                "expressions": {"given": {"references": ["terraform_data.root.id", "terraform_data.root"]}},
                "module": {
                    "outputs": {"out": {"expression": {"references": ["terraform_data.inner.id"]}}},
                    "resources": [
                        {"address": "terraform_data.inner", "expressions": {"input": {"references": ["var.given"]}}},
                        {"address": "terraform_data.alone"},
                    ],
                },
            }
        },
    }
}


def test_dependents_are_found_through_variables_and_outputs_of_modules(review: Reviewer) -> None:
    gone = {"address": "terraform_data.root", "actions": ["delete"], "before": {"input": 1}}
    stack = review(gone, sections={"configuration": MODULES}).stacks[0]

    found = {node.address: node.depth for node in stack.blast.nodes}
    assert found == {
        "terraform_data.root": 0,
        "module.m.terraform_data.inner": 1,
        "terraform_data.last": 2,
        "terraform_data.after": 2,
    }
    assert stack.changes[0].dependents == 3


def test_what_only_the_state_remembers_counts_too(review: Reviewer) -> None:
    """Locals are in no plan's configuration, and what is deleted is no longer in it."""
    state = [{"address": "terraform_data.b", "depends_on": ["terraform_data.gone"], "values": {}}]
    gone = {"address": "terraform_data.gone", "actions": ["delete"], "before": {"input": 1}}
    stack = review(gone, sections={"prior_state": {"values": {"root_module": {"resources": state}}}}).stacks[0]

    assert [node.address for node in stack.blast.nodes] == ["terraform_data.gone", "terraform_data.b"]


def test_construct_paths_and_lines_stand_beside_addresses(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text(
        '{"resource": {"databricks_catalog": {"main_1A": {"//": {"metadata": {"path": "prod/catalog/Resource"}}}}}}'
    )
    (tmp_path / "main.tf").write_text('# one\nresource "aws_s3_bucket" "raw" {\n}\n')
    sources = read_sources(tmp_path)

    assert sources.construct('databricks_catalog.main_1A["x"]') == "prod/catalog"
    assert sources.line("aws_s3_bucket.raw[0]") == "main.tf:2"


RATES = """
currency: USD
per_dbu:
  sql_serverless: {usd: 0.5, date: 2026-04-01, source: ours}
  database: {usd: 3, date: 2026-06-01, source: ours}
dbu_per_hour:
  warehouses: {date: 2026-06-18, source: ours, sizes: {Small: 20}}
  online_stores: {date: 2026-06-18, source: ours, sizes: {CU_1: 2}}
nodes: {m: {usd: 1, date: 2026-05-01, source: ours}}
rates:
  - {type: aws_instance, price_by: instance_type, per_hour: {small: 2}}
"""
MONTH = 730


@pytest.fixture
def prices(tmp_path: Path) -> Prices:
    (tmp_path / "prices.yaml").write_text(RATES)
    return read_prices(tmp_path / "prices.yaml")


def test_cost_is_a_run_rate_by_the_price_file(review: Reviewer, prices: Prices) -> None:
    was, will = ({"cluster_size": "Small", "max_num_clusters": clusters} for clusters in (1, 3))
    cost = (
        review(
            {"address": "databricks_sql_endpoint.w", "actions": ["update"], "before": was, "after": will},
            {
                "address": "databricks_cluster.a",
                "actions": ["create"],
                "after": {"node_type_id": "m", "num_workers": 4},
            },
            {
                "address": "databricks_cluster.b",
                "actions": ["delete"],
                "before": {"node_type_id": "m", "autoscale": [{"max_workers": 2}]},
            },
            {"address": "aws_instance.i", "actions": ["create"], "after": {"instance_type": "small"}},
            prices=prices,
        )
        .stacks[0]
        .cost
    )

    assert cost is not None
    assert {change.address: (change.before / MONTH, change.after / MONTH) for change in cost.changes} == {
        "databricks_sql_endpoint.w": (10, 30),
        "databricks_cluster.a": (0, 5),
        "databricks_cluster.b": (3, 0),
        "aws_instance.i": (0, 2),
    }
    assert (cost.before / MONTH, cost.after / MONTH) == (13, 37)
    assert cost.prices == "prices.yaml of 2026-04-01"


@pytest.mark.parametrize(("store", "hourly"), [({"capacity": "CU_1", "node_count": 3}, 18), ({"capacity": "CU_1"}, 6)])
def test_an_online_store_costs_its_nodes_and_is_one_where_no_count_is_said(
    review: Reviewer, prices: Prices, store: dict[str, Any], hourly: float
) -> None:
    change = {"address": "databricks_database_instance.f", "actions": ["create"], "after": {"name": "f", **store}}
    cost = review(change, prices=prices).stacks[0].cost

    assert cost is not None
    assert (cost.before / MONTH, cost.after / MONTH) == (0, hourly)


@pytest.mark.parametrize(
    "size", [{"cluster_size": "Huge"}, {"cluster_size": "Small", "enable_serverless_compute": False}]
)
def test_a_size_without_a_price_is_a_gap_and_not_free(review: Reviewer, prices: Prices, size: dict[str, Any]) -> None:
    change = {"address": "databricks_sql_endpoint.w", "actions": ["create"], "after": size}
    stack = review(change, prices=prices).stacks[0]

    assert stack.cost is not None
    assert stack.cost.changes == ()
    assert f"no price for cluster_size {size['cluster_size']}" in stack.gaps[0].message


def test_the_kit_s_example_of_a_price_file_is_read() -> None:
    """`brickyard doctor` reads the same file."""
    example = read_prices(Path(__file__).resolve().parents[3] / "docs" / "prices.example.yaml")

    assert any(rate.per_hour for rate in example.rates)


@pytest.mark.parametrize("text", ["[]", "currency: USD\nmore: 1", "currency: USD\nnodes: {m: {usd: -1}}", "{"])
def test_a_price_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)

    with pytest.raises(InvalidPrices, match=r"prices\.yaml"):
        read_prices(tmp_path / "prices.yaml")
