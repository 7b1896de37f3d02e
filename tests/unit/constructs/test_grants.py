"""Privileges: one owner for each securable, the deployer always in it."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis
from constructs import Construct

from brickyard_constructs.catalog import Access, Grant, Securable, SecurableGrants
from brickyard_constructs.errors import InvalidProps, TwoOwners


def grants(scope: Construct, id_: str, name: str, *given: Grant) -> SecurableGrants:
    access = Access(deployer="deployer", grants=given)
    return SecurableGrants(scope, id_, securable=Securable.SCHEMA, name=name, full_name=name, access=access)


def test_the_deployer_always_keeps_manage(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    grants(stack, "one", "c.s")

    (block,) = synth()["databricks_grants"].values()
    assert block["grant"] == [{"principal": "deployer", "privileges": ["MANAGE"]}]
    assert block["schema"] == "c.s"


def test_what_several_roles_give_one_principal_is_one_block(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    given = (
        Grant(principal="team", privileges=("USE_SCHEMA", "SELECT")),
        Grant(principal="team", privileges=("SELECT", "MODIFY")),
        Grant(principal="deployer", privileges=("SELECT",)),
    )
    grants(stack, "one", "c.s", *given)

    (block,) = synth()["databricks_grants"].values()
    assert block["grant"] == [
        {"principal": "deployer", "privileges": ["MANAGE", "SELECT"]},
        {"principal": "team", "privileges": ["MODIFY", "SELECT", "USE_SCHEMA"]},
    ]


def test_two_owners_of_one_securable_are_refused_by_their_paths_over_all_stacks(stack: TerraformStack) -> None:
    other = TerraformStack(stack.node.root, "other")  # type: ignore[arg-type]
    grants(Construct(stack, "a"), "mine", "c.s")

    with pytest.raises(TwoOwners, match=r"schema c\.s has two owners of its access: stack/a/mine and other/yours"):
        grants(other, "yours", "c.s")


def test_different_securables_of_one_name_are_not_confused(stack: TerraformStack) -> None:
    grants(stack, "schema", "c.s")
    access = Access(deployer="deployer")

    SecurableGrants(stack, "model", securable=Securable.MODEL, name="c.s", full_name="c.s", access=access)


def test_each_app_has_its_own_owners(stack: TerraformStack) -> None:
    grants(stack, "one", "c.s")

    grants(TerraformStack(Synthesis.app(), "again"), "one", "c.s")


@pytest.mark.parametrize(
    ("principal", "privileges", "told"),
    [
        ("", ("SELECT",), "principal: got ''"),
        ("team", (), r"privileges: got \(\)"),
        ("team", ("CREATE TABLE",), "privileges are written like CREATE_TABLE"),
        ("team", ("select",), "privileges are written like CREATE_TABLE"),
    ],
)
def test_a_grant_that_databricks_would_refuse_is_refused_before(
    principal: str, privileges: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InvalidProps, match=told):
        Grant(principal=principal, privileges=privileges)


def test_a_reference_is_let_through() -> None:
    assert Grant(principal="${databricks_group.team.display_name}", privileges=("${var.privilege}",))
