"""Secret scopes: who reads them, and that no value passes by here."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis

from brickyard_constructs import secrets
from brickyard_constructs.errors import InvalidProps, TwoOwners
from brickyard_constructs.secrets import KeyVault, ScopePrincipal, SecretScopeProps, UsedSecretScope

VAULT = KeyVault(
    resource_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
    dns_name="https://acme-dev.vault.azure.net/",
)
READER = ScopePrincipal(principal="team", access="READ")


def test_what_several_roles_give_to_one_principal_is_one_acl_the_strongest(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    writer = ScopePrincipal(principal="team", access="WRITE")
    UsedSecretScope(stack, "scope", SecretScopeProps(name="churn", principals=(READER, writer, READER)))

    made = synth()
    (acl,) = made["databricks_secret_acl"].values()
    assert (acl["principal"], acl["permission"]) == ("team", "WRITE")
    assert acl["scope"].startswith("${databricks_secret_scope.")
    (scope,) = made["databricks_secret_scope"].values()
    assert scope == {"name": "churn", "lifecycle": {"prevent_destroy": True}}  # nobody but its maker manages it


def test_a_key_vault_is_read_and_not_written(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    UsedSecretScope(stack, "scope", SecretScopeProps(name="churn", key_vault=VAULT, principals=(READER,)))

    (scope,) = synth()["databricks_secret_scope"].values()
    assert scope["keyvault_metadata"] == {"dns_name": VAULT.dns_name, "resource_id": VAULT.resource_id}
    with pytest.raises(InvalidProps, match="nobody writes into a Key Vault through its scope"):
        SecretScopeProps(name="churn", key_vault=VAULT, principals=(ScopePrincipal(principal="team", access="WRITE"),))


def test_a_referenced_scope_gets_acls_for_our_principals_only(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    scope = UsedSecretScope(
        stack, "scope", SecretScopeProps(name="shared", principals=(READER,), ownership="reference")
    )

    assert synth().keys() == {"databricks_secret_acl", "locals"}
    assert scope.name == "shared"
    assert scope.reference("key").reference == "{{secrets/shared/key}}"


def test_an_adopted_scope_is_imported_by_its_name(stack: TerraformStack) -> None:
    UsedSecretScope(stack, "scope", SecretScopeProps(name="churn", ownership="adopt"))

    assert [b["id"] for b in json.loads(Synthesis.synth(stack))["import"]] == ["churn"]


def test_two_constructs_may_not_set_the_acl_of_one_principal(stack: TerraformStack) -> None:
    UsedSecretScope(stack, "one", SecretScopeProps(name="churn", principals=(READER,)))

    theirs = SecretScopeProps(name="churn", principals=(READER,), ownership="reference")
    with pytest.raises(TwoOwners, match=r"secret scope churn for team has two owners .* stack/one and stack/two"):
        UsedSecretScope(stack, "two", theirs)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SecretScopeProps(name="a scope"), "name: got 'a scope'; 1 to 128 letters"),
        (lambda: SecretScopeProps(name="s", key_vault=VAULT, ownership="reference"), "a referenced scope has its own"),
        (lambda: ScopePrincipal(principal="team", access="OWN"), "access: got 'OWN'; one of READ, WRITE, MANAGE"),  # type: ignore[arg-type]
        (lambda: ScopePrincipal(principal="", access="READ"), "principal: got ''"),
        (lambda: ScopePrincipal(principal="${x.y}", access="READ"), "known to Terraform only needs one"),
        (lambda: KeyVault(resource_id="v", dns_name=VAULT.dns_name), "resource_id: got 'v'"),
        (lambda: KeyVault(resource_id=VAULT.resource_id, dns_name="acme"), "dns_name: got 'acme'"),
    ],
)
def test_a_scope_that_databricks_would_refuse_is_refused_before(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()


def test_no_setting_of_a_scope_takes_a_value() -> None:
    names = {
        field.name
        for props in (secrets.SecretScopeProps, secrets.ScopePrincipal, secrets.KeyVault, secrets.SecretReference)
        for field in fields(props)
    }

    assert names == {
        *("name", "principals", "key_vault", "ownership", "protected"),
        *("principal", "access", "key"),
        *("resource_id", "dns_name"),
        "scope",
    }
