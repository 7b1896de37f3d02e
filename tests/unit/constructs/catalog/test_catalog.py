"""Catalogs, volumes and models, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.catalog import (
    SCHEMAS,
    Access,
    CatalogBinding,
    EnvironmentCatalog,
    EnvironmentCatalogProps,
    GovernedModel,
    GovernedModelProps,
    GovernedVolume,
    GovernedVolumeProps,
)
from brickyard_constructs.errors import InvalidProps, TwoOwners

ACCESS = Access(deployer="deployer")


def props(**changes: Any) -> EnvironmentCatalogProps:
    settings: dict[str, Any] = {"name": "dev", "access": ACCESS, "schema_access": dict.fromkeys(SCHEMAS, ACCESS)}
    return EnvironmentCatalogProps(**settings | changes)


def test_a_catalog_is_isolated_and_protected_unless_said_otherwise(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    EnvironmentCatalog(stack, "catalog", props())

    (catalog,) = synth()["databricks_catalog"].values()
    assert catalog["isolation_mode"] == "ISOLATED"
    assert catalog["force_destroy"] is False
    assert catalog["lifecycle"] == {"prevent_destroy": True}
    assert "databricks_workspace_binding" not in synth()  # Databricks binds the creating workspace


def test_schemas_wait_for_their_catalog_and_grants_for_their_schema(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    EnvironmentCatalog(stack, "catalog", props())

    schemas = synth()["databricks_schema"].values()
    assert len(schemas) == 8
    assert all(s["catalog_name"].startswith("${databricks_catalog.") for s in schemas)
    schema_grants = [g["schema"] for g in synth()["databricks_grants"].values() if "schema" in g]
    assert len(schema_grants) == 8
    assert all(g.startswith("${databricks_schema.") for g in schema_grants)


def test_two_catalogs_of_one_name_are_refused(stack: TerraformStack) -> None:
    EnvironmentCatalog(stack, "one", props())

    with pytest.raises(TwoOwners, match=r"catalog dev has two owners .* stack/one/grants and stack/two/grants"):
        EnvironmentCatalog(stack, "two", props())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "a.b"}, "name: got 'a.b'; a Unity Catalog name"),
        ({"name": ""}, "name: got ''"),
        ({"schema_access": {"bronze": ACCESS}}, "one entry for each schema: bronze, silver"),
        ({"isolated": False, "bindings": (CatalogBinding(workspace_id=1),)}, "only an isolated catalog can be bound"),
    ],
)
def test_a_catalog_that_databricks_would_refuse_is_refused_before(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        props(**changes)


def test_a_binding_names_a_workspace() -> None:
    with pytest.raises(InvalidProps, match="workspace_id: got 0; must be at least 1"):
        CatalogBinding(workspace_id=0)


def test_a_volume_is_managed_and_waits_for_its_schema(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    schema = EnvironmentCatalog(stack, "catalog", props()).schemas["bronze"]
    volume = GovernedVolumeProps(
        catalog="dev", schema="bronze", name="landing", comment="Files", access=ACCESS, protected=False
    )
    GovernedVolume(stack, "landing", volume, within=schema)

    (made,) = synth()["databricks_volume"].values()
    assert made["volume_type"] == "MANAGED"
    assert made["schema_name"].startswith("${databricks_schema.")
    assert "lifecycle" not in made


def test_a_model_is_owned_by_the_principal_that_moves_its_aliases(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    model = GovernedModelProps(catalog="dev", schema="models", name="churn", owner="app-id", access=ACCESS)
    made = GovernedModel(stack, "model", model)

    (resource,) = synth()["databricks_registered_model"].values()
    assert resource["owner"] == "app-id"
    assert "aliases" not in resource
    assert made.full_name == "dev.models.churn"


def test_a_model_without_an_owner_is_refused() -> None:
    with pytest.raises(InvalidProps, match="owner: got ''; must not be empty"):
        GovernedModelProps(catalog="dev", schema="models", name="churn", owner="", access=ACCESS)
