"""Create, adopt or reference: what each makes of a catalog, a schema, a volume, a model and a table."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis
from constructs import Construct

from brickyard_constructs.catalog import (
    SCHEMAS,
    Access,
    CatalogBinding,
    Column,
    EnvironmentCatalog,
    EnvironmentCatalogProps,
    GovernedModel,
    GovernedModelProps,
    GovernedSchema,
    GovernedSchemaProps,
    GovernedTable,
    GovernedTableProps,
    GovernedVolume,
    GovernedVolumeProps,
    Grant,
)
from brickyard_constructs.errors import InvalidProps, OwnedAndShared
from brickyard_constructs.ownership import Ownership

KEPT = (Grant(principal="their team", privileges=("SELECT",)),)
ACCESS = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("SELECT",)),), kept=KEPT)
Build = Callable[[Construct, Ownership], object]

PLACE: dict[str, Any] = {"catalog": "dev", "schema": "gold", "name": "x", "access": ACCESS}
KINDS: dict[str, Build] = {
    "schema": lambda scope, ownership: GovernedSchema(
        scope, "x", GovernedSchemaProps(catalog="dev", name="x", access=ACCESS, ownership=ownership)
    ),
    "volume": lambda scope, ownership: GovernedVolume(scope, "x", GovernedVolumeProps(**PLACE, ownership=ownership)),
    "registered_model": lambda scope, ownership: GovernedModel(
        scope, "x", GovernedModelProps(**PLACE, owner="app-id", ownership=ownership)
    ),
    "sql_table": lambda scope, ownership: GovernedTable(scope, "x", table(ownership)),
}
FULL_NAMES = {"schema": "dev.x", "volume": "dev.gold.x", "registered_model": "dev.gold.x", "sql_table": "dev.gold.x"}
SECURABLES = {"registered_model": "model", "sql_table": "table"}


def table(ownership: Ownership) -> GovernedTableProps:
    if ownership == "reference":
        return GovernedTableProps(**PLACE, ownership=ownership)
    columns = (Column(name="id", type="bigint"),)
    return GovernedTableProps(**PLACE, ownership=ownership, columns=columns, warehouse_id="w")


def catalog(ownership: Ownership, **changes: Any) -> EnvironmentCatalogProps:
    settings: dict[str, Any] = {"name": "dev", "access": ACCESS, "schema_access": dict.fromkeys(SCHEMAS, ACCESS)}
    return EnvironmentCatalogProps(**settings | changes, ownership=ownership)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_referenced_is_not_made_and_our_principals_are_added_to_it(
    kind: str, stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    KINDS[kind](stack, "reference")

    made = synth()
    assert made.keys() == {"databricks_grant", "locals"}
    (grant,) = made["databricks_grant"].values()
    assert grant == {"principal": "team", "privileges": ["SELECT"], SECURABLES.get(kind, kind): FULL_NAMES[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_adopted_is_imported_by_its_name_with_the_grants_it_has(kind: str, stack: TerraformStack) -> None:
    KINDS[kind](stack, "adopt")

    document = json.loads(Synthesis.synth(stack))
    imported = {block["to"].partition(".")[0]: block["id"] for block in document["import"]}
    full_name = FULL_NAMES[kind]
    assert imported == {
        f"databricks_{kind}": full_name,
        "databricks_grants": f"{SECURABLES.get(kind, kind)}/{full_name}",
    }
    assert f"databricks_{kind}" in document["resource"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_created_is_not_imported(kind: str, stack: TerraformStack) -> None:
    KINDS[kind](stack, "create")

    assert "import" not in json.loads(Synthesis.synth(stack))


def test_a_referenced_catalog_takes_schemas_of_ours(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    made = EnvironmentCatalog(stack, "catalog", catalog("reference", schema_ownership={"bronze": "reference"}))

    resources = synth()
    assert made.name == "dev"
    assert "databricks_catalog" not in resources
    assert len(resources["databricks_schema"]) == len(SCHEMAS) - 1
    assert {s["catalog_name"] for s in resources["databricks_schema"].values()} == {"dev"}
    granted = {grant.get("catalog") or grant.get("schema") for grant in resources["databricks_grant"].values()}
    assert granted == {"dev", "dev.bronze"}


def test_an_adopted_catalog_is_imported_by_its_name(stack: TerraformStack) -> None:
    EnvironmentCatalog(stack, "catalog", catalog("adopt"))

    imported = {b["to"].partition(".")[0]: b["id"] for b in json.loads(Synthesis.synth(stack))["import"]}
    assert imported == {"databricks_catalog": "dev", "databricks_grants": "catalog/dev"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"bindings": (CatalogBinding(workspace_id=1),)}, "a referenced catalog keeps its owner's"),
        ({"storage_root": "s3://bucket/x"}, "a referenced catalog keeps its owner's"),
        ({"schema_ownership": {"brnoze": "adopt"}}, r"schema_ownership: got \['brnoze'\]; the schemas are bronze"),
    ],
)
def test_a_referenced_catalog_is_not_changed(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        catalog("reference", **changes)


def test_an_ownership_is_one_of_three() -> None:
    with pytest.raises(InvalidProps, match="ownership: got 'borrow'; one of create, adopt, reference"):
        catalog("borrow")  # type: ignore[arg-type]


def test_one_stack_may_not_own_what_another_one_references(stack: TerraformStack) -> None:
    other = TerraformStack(stack.node.root, "other")  # type: ignore[arg-type]
    KINDS["volume"](stack, "reference")

    with pytest.raises(OwnedAndShared, match=r"volume dev\.gold\.x is owned .* by other/x/grants, and stack/x/grants"):
        KINDS["volume"](other, "create")


def test_an_external_volume_names_its_place_and_a_managed_one_has_none(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    GovernedVolume(stack, "raw", GovernedVolumeProps(**PLACE, storage_location="s3://bucket/raw"))

    (volume,) = synth()["databricks_volume"].values()
    assert (volume["volume_type"], volume["storage_location"]) == ("EXTERNAL", "s3://bucket/raw")
    for place in ("/mnt/raw", "s3://bucket/../up", "file:///tmp", "s3://B/x", "abfss://lake@x/y"):
        with pytest.raises(InvalidProps, match="storage_location"):
            GovernedVolumeProps(**PLACE, storage_location=place)
