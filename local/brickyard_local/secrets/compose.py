"""Builds the secrets service from what it needs: called once, by `state`."""

from brickyard_local.account import Home
from brickyard_local.secrets.needs import Principals
from brickyard_local.secrets.scopes import Scopes
from brickyard_local.secrets.service import SecretsService
from brickyard_local.secrets.vault import Vault
from brickyard_local.store import Store


def compose_secrets(home: Home, store: Store, principals: Principals) -> SecretsService:
    """Secrets of all workspaces; their key lies in `secrets.key`, beside the database."""
    return SecretsService(store, Vault(home.root / "secrets.key"), Scopes(store, principals))
