"""Who applies what: sign-ins, roles on `run_as`, and who stands in the lists of each stack."""

from collections.abc import Callable
from typing import Any

import pytest

ADMIN, DEPLOYER = "platform@acme.example", "99999999-2222-3333-4444-555566667777"
HOST = "https://adb-1.2.azuredatabricks.net"
ACCOUNT = "11111111-aaaa-bbbb-cccc-555566667777"
Stacks = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def split(synthesise: Callable[..., Stacks], prod_settings: dict[str, Any]) -> Stacks:
    principals = prod_settings["service_principals"] | {"run_as": {"name": "prod-run-as", "ownership": "create"}}
    changes = {
        "workspace": prod_settings["workspace"] | {"account_id": ACCOUNT},
        "platform": {"deployer": ADMIN, "auth": {"type": "azure-cli", "host": HOST}},
        "service_principals": principals,
    }
    return synthesise(prod_settings | changes)


def resources(stack: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = stack["resource"].get(kind, {})
    return found


def test_each_stack_signs_in_as_who_applies_it(split: Stacks) -> None:
    signs_in = {name: stack["provider"]["databricks"][0]["auth_type"] for name, stack in split.items() if "-" in name}

    assert signs_in == {
        "prod-azure-weu-platform": "azure-cli",
        "prod-azure-weu-flight-delays": "azure-devops-oidc",
        "prod-azure-weu-flight-delays-serving": "azure-devops-oidc",
    }


def test_who_deploys_jobs_may_let_them_run_as_the_principal_that_the_platform_makes(split: Stacks) -> None:
    (rules,) = resources(split["prod-azure-weu-platform"], "databricks_access_control_rule_set").values()

    assert rules["name"].startswith(f"accounts/{ACCOUNT}/servicePrincipals/${{databricks_service_principal.")
    assert rules["grant_rules"] == [
        {"principals": [f"users/{ADMIN}"], "role": "roles/servicePrincipal.manager"},
        {"principals": [f"servicePrincipals/{DEPLOYER}"], "role": "roles/servicePrincipal.user"},
    ]


def test_the_catalog_is_the_administrators_and_its_schemas_are_used_by_the_projects_deployer(split: Stacks) -> None:
    sets = resources(split["prod-azure-weu-platform"], "databricks_grants")
    held = {
        (name.rpartition("_")[0], grant["principal"]): grant["privileges"]
        for name, each in sets.items()
        for grant in each["grant"]
    }

    assert held["catalog_grants", ADMIN] == ["MANAGE", "USE_CATALOG", "USE_SCHEMA"]
    assert held["catalog_grants", DEPLOYER] == ["USE_CATALOG", "USE_SCHEMA"]
    assert "MANAGE" in held["catalog_inference-grants", DEPLOYER]
    assert "SELECT" in held["catalog_inference-grants", DEPLOYER]  # a monitor reads its table as who made the monitor


def test_who_applies_stands_in_every_list_so_that_no_other_plan_sees_a_change(split: Stacks) -> None:
    for name, applier in (("platform", ADMIN), ("flight-delays", DEPLOYER), ("flight-delays-serving", DEPLOYER)):
        for address, listed in resources(split[f"prod-azure-weu-{name}"], "databricks_permissions").items():
            levels = {
                entry.get("user_name") or entry.get("service_principal_name"): entry["permission_level"]
                for entry in listed["access_control"]
            }
            assert levels[applier] in ("CAN_MANAGE", "IS_OWNER"), address


def test_where_experiments_stand_does_not_depend_on_who_deploys(split: Stacks) -> None:
    (folder,) = resources(split["prod-azure-weu-platform"], "databricks_directory").values()
    (experiment,) = resources(split["prod-azure-weu-flight-delays"], "databricks_mlflow_experiment").values()

    assert folder["path"] == "/Brickyard/prod-azure-weu"
    (forgotten,) = split["prod-azure-weu-platform"]["removed"]  # the folder of before, with all experiments in it
    assert forgotten["lifecycle"] == {"destroy": False}
    assert experiment["name"] == "/Brickyard/prod-azure-weu/prod-azure-weu-flight-delays"


OWN = "aaaaaaaa-2222-3333-4444-555566667777"


def test_a_projects_own_deployer_signs_in_for_it_and_holds_there_what_the_deployer_would(
    synthesise: Callable[..., Stacks], prod_settings: dict[str, Any]
) -> None:
    auth = prod_settings["workspace"]["auth"] | {"client_id": OWN}
    principals = prod_settings["service_principals"] | {"run_as": {"name": "prod-run-as", "ownership": "create"}}
    changes = {
        "workspace": prod_settings["workspace"] | {"account_id": ACCOUNT},
        "service_principals": principals,
        "deployers": {"flight_delays": {"deployer": OWN, "auth": auth}},
    }
    stacks = synthesise(prod_settings | changes)
    platform, project = stacks["prod-azure-weu-platform"], stacks["prod-azure-weu-flight-delays"]

    signs_in = {name: stack["provider"]["databricks"][0]["client_id"] for name, stack in stacks.items() if "-" in name}
    assert signs_in.pop("prod-azure-weu-platform") == prod_settings["workspace"]["auth"]["client_id"]
    assert set(signs_in.values()) == {OWN}

    for address, each in resources(platform, "databricks_grants").items():
        held = {grant["principal"]: set(grant["privileges"]) for grant in each["grant"]}
        if "inference-grants" in address:
            assert held[OWN] >= {"MANAGE", "SELECT"}
            assert held[DEPLOYER] >= held[OWN]
    (rules,) = resources(platform, "databricks_access_control_rule_set").values()
    users = [rule["principals"] for rule in rules["grant_rules"] if rule["role"].endswith(".user")]
    assert users == [[f"servicePrincipals/{DEPLOYER}", f"servicePrincipals/{OWN}"]]
    (folder,) = [
        each["access_control"]
        for each in resources(platform, "databricks_permissions").values()
        if "directory_id" in each
    ]
    assert OWN in {entry.get("service_principal_name") for entry in folder}

    for address, listed in resources(project, "databricks_permissions").items():
        named = {entry.get("service_principal_name") for entry in listed["access_control"]}
        assert OWN in named, address
        assert DEPLOYER not in named, address
