"""The environment's secret scopes: who may read and write. Values are put there past Terraform."""

from constructs import Construct

from brickyard_constructs.secrets import ScopePrincipal, SecretScopeProps, UsedSecretScope
from brickyard_stacks.identities import Identities
from brickyard_stacks.settings import Environment


def make_scopes(scope: Construct, environment: Environment, identities: Identities) -> None:
    """Every scope of the settings; whoever may write may read."""
    for name, settings in environment.secrets.scopes.items():
        readers = [ScopePrincipal(principal=identities.principal(r), access="READ", key=r) for r in settings.readers]
        writers = [ScopePrincipal(principal=identities.principal(r), access="WRITE", key=r) for r in settings.writers]
        props = SecretScopeProps(
            name=name,
            principals=(*readers, *writers),
            ownership=settings.ownership,
            protected=environment.deletion_protection,
        )
        UsedSecretScope(scope, name, props)
