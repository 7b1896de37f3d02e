"""Drift is what reality changed and a plan would mend; neither what is not deployed yet nor what nobody can see."""

from typing import Any

from brickyard.drift.found import found_in, headline_of, markdown_of


def change(address: str, actions: list[str], before: Any = None, after: Any = None) -> dict[str, Any]:
    kind = address.split(".", maxsplit=1)[0]
    return {
        "address": address,
        "type": kind,
        "mode": "managed",
        "change": {"actions": actions, "before": before, "after": after},
    }


SHOWN = {
    "resource_changes": [
        change("databricks_job.edited", ["update"]),
        change("databricks_schema.gone", ["create"]),
        change("databricks_job.new", ["create"]),
        change("databricks_grants.all", ["update"]),
        change("databricks_job.same", ["no-op"]),
    ],
    "resource_drift": [
        change("databricks_job.edited", ["update"], {"name": "a", "key": "s3cret"}, {"name": "b", "key": "s3cret"}),
        change("databricks_schema.gone", ["delete"], {"name": "x"}),
        change("databricks_grants.all", ["update"], {"grant": [1]}, {"grant": []}),
        change("databricks_job.same", ["update"], {"updated_at": 1}, {"updated_at": 2}),
    ],
}


def test_what_reality_changed_and_a_plan_would_mend_is_drift() -> None:
    found = found_in("dev-churn", SHOWN)

    assert [(each.address, each.what, each.attributes) for each in found.drifted] == [
        ("databricks_job.edited", "differs", ("name",)),
        ("databricks_schema.gone", "is gone", ()),
        ("databricks_grants.all", "differs", ("grant",)),
    ]
    assert found.not_deployed == ("databricks_job.new",)
    assert not found.unseen


def test_what_who_only_reads_cannot_see_is_a_gap_that_is_told() -> None:
    unseen = frozenset({"databricks_grants.a", "databricks_grants.b", "databricks_volume.landing"})

    text = markdown_of("dev", [found_in("dev-churn", SHOWN, unseen)])

    assert "no drift is seen: 2 `databricks_grants`, 1 `databricks_volume`." in text


def test_the_issue_names_attributes_and_no_value() -> None:
    text = markdown_of("dev", [found_in("dev-churn", SHOWN)])

    assert "| dev-churn | `databricks_job.edited` | differs: `name` |" in text
    assert "s3cret" not in text
    assert headline_of("dev", [found_in("dev-churn", {})]) == "dev: nothing left the code"
