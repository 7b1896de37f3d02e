"""Secret scopes and who may read them. No construct takes a value: it is put into the scope past Terraform."""

from brickyard_constructs.secret_reference import SecretReference
from brickyard_constructs.secrets.secret_scope import (
    KeyVault,
    ScopeAccess,
    ScopePrincipal,
    SecretScopeProps,
    UsedSecretScope,
)

__all__ = ["KeyVault", "ScopeAccess", "ScopePrincipal", "SecretReference", "SecretScopeProps", "UsedSecretScope"]
