"""Privileges: one owner for each securable, the deployer always in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis
from constructs import Construct

from brickyard_constructs.catalog import Access, AdditionalGrants, Grant, Securable, SecurableGrants, SecurableName
from brickyard_constructs.errors import InvalidProps, OwnedAndShared, TwoOwners


def schema(name: str) -> SecurableName:
    return SecurableName(kind=Securable.SCHEMA, name=name, full_name=name)


def grants(scope: Construct, id_: str, name: str, *given: Grant) -> SecurableGrants:
    access = Access(deployer="deployer", grants=given)
    return SecurableGrants(scope, id_, on=schema(name), access=access)


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

    SecurableGrants(stack, "model", on=SecurableName(kind=Securable.MODEL, name="c.s", full_name="c.s"), access=access)


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


def test_a_referenced_securable_gets_one_grant_for_each_of_our_principals_and_none_for_the_deployer(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    access = Access(
        deployer="deployer",
        grants=(
            Grant(principal="team", privileges=("SELECT",)),
            Grant(principal="deployer", privileges=("USE_SCHEMA",)),
            Grant(principal="team", privileges=("USE_SCHEMA",)),
        ),
        kept=(
            Grant(principal="team", privileges=("MODIFY",)),
            Grant(principal="their team", privileges=("SELECT",)),
        ),
    )
    AdditionalGrants(stack, "grants", on=schema("c.s"), access=access)

    made = synth()
    assert "databricks_grants" not in made
    (block,) = made["databricks_grant"].values()
    assert block == {"principal": "team", "privileges": ["MODIFY", "SELECT", "USE_SCHEMA"], "schema": "c.s"}


def test_what_stood_on_an_adopted_securable_stays_and_the_set_is_imported_with_it(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    kept = (Grant(principal="their team", privileges=("SELECT",)),)
    SecurableGrants(stack, "grants", on=schema("c.s"), access=Access(deployer="deployer", kept=kept), ownership="adopt")

    (name, block), *_ = synth()["databricks_grants"].items()
    assert block["grant"][1] == {"principal": "their team", "privileges": ["SELECT"]}
    imported = json.loads(Synthesis.synth(stack))["import"]
    assert imported == [{"id": "schema/c.s", "to": f"databricks_grants.{name}"}]


def test_a_set_that_was_empty_is_not_imported_since_the_provider_cannot(stack: TerraformStack) -> None:
    SecurableGrants(stack, "grants", on=schema("c.s"), access=Access(deployer="deployer"), ownership="adopt")

    assert "import" not in json.loads(Synthesis.synth(stack))


TEAM = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("SELECT",)),))
OTHERS = Access(deployer="deployer", grants=(Grant(principal="others", privileges=("SELECT",)),))


def test_an_owner_and_a_sharer_of_one_securable_are_refused_whoever_comes_first(stack: TerraformStack) -> None:
    told = r"schema {0} is owned with its whole access by stack/{0} owner, and stack/{0} sharer adds grants"
    grants(stack, "a owner", "a")
    with pytest.raises(OwnedAndShared, match=told.format("a")):
        AdditionalGrants(stack, "a sharer", on=schema("a"), access=TEAM)

    AdditionalGrants(stack, "b sharer", on=schema("b"), access=TEAM)
    with pytest.raises(OwnedAndShared, match=told.format("b")):
        grants(stack, "b owner", "b")


def test_two_sharers_may_not_grant_the_same_principal_but_two_different_ones(stack: TerraformStack) -> None:
    AdditionalGrants(stack, "one", on=schema("c.s"), access=TEAM)
    AdditionalGrants(stack, "two", on=schema("c.s"), access=OTHERS)

    with pytest.raises(TwoOwners, match=r"schema c\.s for team has two owners .* stack/one and stack/three"):
        AdditionalGrants(stack, "three", on=schema("c.s"), access=TEAM)


def test_a_principal_known_to_terraform_only_stands_in_addresses_by_its_key(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    principal = "${data.databricks_service_principal.x.application_id}"
    nameless = Access(deployer="deployer", grants=(Grant(principal=principal, privileges=("SELECT",)),))
    named = Access(deployer="deployer", grants=(Grant(principal=principal, privileges=("SELECT",), key="run_as"),))

    with pytest.raises(InvalidProps, match="known to Terraform only needs one"):
        AdditionalGrants(stack, "nameless", on=schema("c.s"), access=nameless)
    AdditionalGrants(stack, "named", on=schema("c.t"), access=named)
    assert [name.rpartition("_")[0] for name in synth()["databricks_grant"]] == ["named_run_as"]
