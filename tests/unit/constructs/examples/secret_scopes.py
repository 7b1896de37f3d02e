"""A scope in Databricks, one over a Key Vault, and one of others that our jobs read."""

from cdktf import TerraformLocal, TerraformStack

from brickyard_constructs.secrets import KeyVault, ScopePrincipal, SecretScopeProps, UsedSecretScope

READER = ScopePrincipal(principal="${data.databricks_service_principal.x.application_id}", access="READ", key="run_as")
VAULT = "/subscriptions/0/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/acme-dev"


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    team = ScopePrincipal(principal="team", access="WRITE")
    ours = UsedSecretScope(stack, "ours", SecretScopeProps(name="dev-churn", principals=(READER, team)))
    vault = KeyVault(resource_id=VAULT, dns_name="https://acme-dev.vault.azure.net/")
    UsedSecretScope(stack, "vault", SecretScopeProps(name="dev-vault", principals=(READER,), key_vault=vault))
    theirs = SecretScopeProps(name="shared", principals=(READER,), ownership="reference")
    UsedSecretScope(stack, "theirs", theirs)
    TerraformLocal(stack, "index_password", ours.reference("index-password").reference)
