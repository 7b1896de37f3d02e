"""Database instances: small unless said otherwise, without passwords, and gone for good only where asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.databases import DatabaseInstance, DatabaseInstanceProps
from brickyard_constructs.errors import InvalidProps, TwoOwners
from brickyard_constructs.iam import Permission

USES = (Permission(level="CAN_USE", service_principal="app-id"),)


def props(**changes: Any) -> DatabaseInstanceProps:
    return DatabaseInstanceProps(**{"name": "features", "permissions": USES, **changes})


def made_of(stack: TerraformStack, synth: Callable[[], Any], **changes: Any) -> dict[str, Any]:
    DatabaseInstance(stack, "store", props(**changes))
    (made,) = synth()["databricks_database_instance"].values()
    return dict(made)


def test_a_store_is_the_smallest_that_there_is_and_takes_no_passwords(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    made = made_of(stack, synth)

    assert (made["capacity"], made["node_count"], made["retention_window_in_days"]) == ("CU_1", 1, 7)
    assert made["enable_readable_secondaries"] is False
    assert made["enable_pg_native_login"] is False
    assert "usage_policy_id" not in made
    assert "custom_tags" not in made


@pytest.mark.parametrize("protected", [True, False])
def test_what_is_protected_stops_a_plan_and_what_is_not_can_be_deleted_at_all(
    stack: TerraformStack, synth: Callable[[], Any], *, protected: bool
) -> None:
    """Databricks refuses to delete without `purge`."""
    made = made_of(stack, synth, protected=protected)

    assert made["purge_on_delete"] is not protected
    assert made.get("lifecycle", {}).get("prevent_destroy", False) is protected


def test_its_permissions_are_on_the_instance_itself(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    made_of(stack, synth, tags={"b": "2", "a": "1"})

    ((name, made),) = synth()["databricks_database_instance"].items()
    (permissions,) = synth()["databricks_permissions"].values()
    assert permissions["database_instance_name"] == f"${{databricks_database_instance.{name}.name}}"
    assert permissions["access_control"] == [{"permission_level": "CAN_USE", "service_principal_name": "app-id"}]
    assert made["custom_tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]


def test_two_constructs_of_one_name_are_refused(stack: TerraformStack) -> None:
    DatabaseInstance(stack, "one", props())

    with pytest.raises(TwoOwners, match="database instance features has two owners"):
        DatabaseInstance(stack, "two", props())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "name: got ''; 1 to 63 letters"),
        ({"name": "a_b"}, "name: got 'a_b'; 1 to 63 letters, digits and dashes"),
        ({"name": "-a"}, "name: got '-a'"),
        ({"name": "a" * 64}, "1 to 63"),
        ({"permissions": ()}, "permissions: got"),
        ({"capacity": "CU_3"}, "capacity: got 'CU_3'; one of CU_1, CU_2, CU_4, CU_8"),
        ({"nodes": 4}, "nodes: got 4; from 1 to 3"),
        ({"retention_days": 1}, "retention_days: got 1; from 2 to 35"),
        ({"readable_secondaries": True}, "readable_secondaries: got True; needs a second node"),
        ({"ownership": "reference"}, "ownership: got 'reference'; create or adopt"),
    ],
)
def test_an_instance_that_databricks_would_refuse_is_refused_before(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        props(**changes)
