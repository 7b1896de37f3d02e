"""The environments that ship as examples build, and each shows what it is there to show."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def shipped(synthesise: Any) -> dict[str, dict[str, Any]]:
    files = {name: ROOT / f"environments/{name}.yaml" for name in ("dev", "staging", "prod")}
    return {name: synthesise(yaml.safe_load(file.read_text())) for name, file in files.items()}


def resources(stack: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(stack.get("resource", {}).get(kind, {}).values())


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_a_shipped_environment_builds_its_stacks(shipped: dict[str, dict[str, Any]], name: str) -> None:
    stacks = shipped[name]

    assert {f"{name}-platform", f"{name}-flight-delays", f"{name}-flight-delays-serving"} <= set(stacks)
    assert (f"{name}-account" in stacks) == (name == "prod")
    backend = {"dev": "azurerm", "staging": "s3", "prod": "azurerm"}[name]
    assert {next(iter(s["terraform"]["backend"])) for n, s in stacks.items() if n != "manifest"} == {backend}


def test_only_prod_refuses_to_lose_its_catalog_beside_staging(shipped: dict[str, dict[str, Any]]) -> None:
    kept = {
        name: resources(stacks[f"{name}-platform"], "databricks_catalog")[0].get("lifecycle", {}).get("prevent_destroy")
        for name, stacks in shipped.items()
    }

    assert kept == {"dev": None, "staging": True, "prod": True}


def test_the_account_binds_the_workspace_to_its_network(shipped: dict[str, dict[str, Any]]) -> None:
    account = shipped["prod"]["prod-account"]

    (binding,) = resources(account, "databricks_mws_ncc_binding")
    (option,) = resources(account, "databricks_workspace_network_option")
    assert binding["network_connectivity_config_id"] == "00000000-0000-0000-0000-0000000000cc"
    assert option["network_policy_id"] == "acme-restricted"
    assert binding["workspace_id"] == option["workspace_id"] == 3333333333333333


def test_a_storage_that_is_referred_to_is_not_made(shipped: dict[str, dict[str, Any]]) -> None:
    platform = shipped["staging"]["staging-platform"]

    assert [location["name"] for location in resources(platform, "databricks_external_location")] == [
        "acme-staging-lake"
    ]
