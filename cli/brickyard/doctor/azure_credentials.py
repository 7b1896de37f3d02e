"""Storage credentials on Azure: who made them, where the sign-in of a pipeline may not.

Source: provider issue 5841: Databricks asks for an Entra token of who makes one, beside its own.
"""

from collections.abc import Iterator
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.platform import NotFound, PermissionDenied

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Caller
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.rules.lake import WITHOUT_ENTRA
from brickyard_stacks.settings.storage import AzureStorage

_CHECK = "rights"


def credentials_of_azure(client: WorkspaceClient, caller: Caller, environment: Environment) -> Iterator[Finding]:
    """One finding for each credential that this sign-in cannot make, or that nobody has made yet."""
    for name, storage in environment.storage.items():
        if not isinstance(storage, AzureStorage):
            continue
        credential = storage.credential.name or f"{environment.prefix}-{name}"
        if storage.credential_ownership == "create" and client.config.auth_type in WITHOUT_ENTRA:
            said = f"storage.{name}: signed in by {client.config.auth_type}, {caller.name} cannot make a credential"
            yield _asked(f"{said} on Azure (provider issue 5841)", credential, caller, storage)
        if storage.credential_ownership == "reference" and not _is_there(client, credential):
            said = f"storage.{name}: the credential {credential} is not there, or {caller.name} does not see it"
            yield _asked(said, credential, caller, storage)


def _is_there(client: WorkspaceClient, credential: str) -> bool:
    try:
        client.api_client.do("GET", f"/api/2.1/unity-catalog/storage-credentials/{quote(credential, safe='')}")
    except (NotFound, PermissionDenied):
        return False
    return True


def _asked(said: str, credential: str, caller: Caller, storage: AzureStorage) -> Finding:
    connector = storage.credential.access_connector_id or "the data's access connector"
    return Finding(
        check=_CHECK,
        status="problem",
        said=said,
        fix="a metastore administrator makes it after `az login` (ownership: reference in the settings):",
        giver="metastore administrator",
        text=f"After `az login`, create the storage credential `{credential}` over {connector}, then run: "
        f"GRANT CREATE EXTERNAL LOCATION ON STORAGE CREDENTIAL `{credential}` TO `{caller.name}`;",
    )
