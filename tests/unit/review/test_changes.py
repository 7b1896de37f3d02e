"""A reviewer sees what changes, why, and what is built on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from brickyard_review import Review, Severity
from brickyard_review.analyses.differences import differences
from brickyard_review.analyses.prices import Prices, Rate
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


PRICES = Prices(
    currency="USD",
    as_of="2026-11-01",
    name="prices.yaml",
    rates=(
        Rate(
            type="databricks_sql_endpoint",
            price_by="cluster_size",
            per_hour={"Small": 10},
            units=("max_num_clusters",),
            hours_per_month=100,
        ),
        Rate(
            type="databricks_job",
            within="job_cluster.new_cluster",
            price_by="node_type_id",
            per_hour={"m": 1},
            units=("num_workers", "autoscale.max_workers"),
            plus=1,
            hours_per_month=10,
        ),
    ),
)


def test_cost_is_a_run_rate_by_the_price_file(review: Reviewer) -> None:
    warehouse = {"address": "databricks_sql_endpoint.w", "actions": ["update"]}
    warehouse |= {
        "before": {"cluster_size": "Small", "max_num_clusters": 1},
        "after": {"cluster_size": "Small", "max_num_clusters": 3},
    }
    clusters = [{"job_cluster_key": k, "new_cluster": [{"node_type_id": "m", **size}]} for k, size in
                (("a", {"num_workers": 4}), ("b", {"autoscale": [{"max_workers": 2}]}))]  # fmt: skip
    job = {"address": "databricks_job.j", "actions": ["create"], "after": {"name": "j", "job_cluster": clusters}}
    cost = review(warehouse, job, prices=PRICES).stacks[0].cost

    assert cost is not None
    assert {change.address: (change.before, change.after) for change in cost.changes} == {
        "databricks_sql_endpoint.w": (1000, 3000),
        "databricks_job.j": (0, 80),
    }
    assert (cost.before, cost.after) == (1000, 3080)


def test_a_size_without_a_price_is_a_gap_and_not_free(review: Reviewer) -> None:
    change = {"address": "databricks_sql_endpoint.w", "actions": ["create"], "after": {"cluster_size": "Huge"}}
    stack = review(change, prices=PRICES, threshold=Severity.NOTE).stacks[0]

    assert stack.cost is not None
    assert stack.cost.changes == ()
    assert "no price for cluster_size Huge" in stack.gaps[0].message
