"""databricks_storage_credential, of a workspace."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_case
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.catalog.storage import StorageSecurable, starts_to_skip
from brickyard_local.provider.wire.values import Value

_KINDS = (
    "aws_iam_role",
    "azure_managed_identity",
    "azure_service_principal",
    "cloudflare_api_token",
    "databricks_gcp_service_account",
    "gcp_service_account_key",
)
_FIELDS = (*_KINDS, "comment", "name", "read_only", "skip_validation")


def _ignore_key(old: Value, new: Value) -> bool:
    """Only the e-mail and the key's id tell keys of Google apart."""
    named = ("email", "private_key_id")
    if not (isinstance(old, list) and isinstance(new, list) and old and new):
        return False
    return all(old[0].get(name) == new[0].get(name) for name in named)


class StorageCredential(StorageSecurable):
    """How Unity Catalog signs in to a cloud. Its secrets are not reported: they stay as configured."""

    type_name = "databricks_storage_credential"
    collection = "storage-credentials"
    securable_type = "storage_credential"
    create_fields = _FIELDS
    update_fields = (*(name for name in _FIELDS if name != "name"), "isolation_mode", "owner")
    flags = ("read_only",)
    behaviour = Behaviour(
        force_new=frozenset({"name"}),
        computed_blocks=frozenset({"databricks_gcp_service_account"}),
        suppress={
            "gcp_service_account_key": _ignore_key,
            "name": ignore_case,
            "skip_validation": starts_to_skip,
        },
        one_of=(OneOf(names=_KINDS, at_least=1, at_most=len(_KINDS)),),
        local=frozenset({"id", "force_destroy", "force_update"}),
        not_reported=frozenset(
            {
                "azure_service_principal.client_secret",
                "cloudflare_api_token.secret_access_key",
                "gcp_service_account_key.private_key",
                "skip_validation",
            }
        ),
    )

    def read(self, session: Session, state: State) -> Found | None:
        document = session.api.get(self.path(state["id"]))
        return {**session.found(document), "storage_credential_id": document.get("id")}

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        body = super().update_body(session, prior, planned)
        body.pop("databricks_gcp_service_account", None)
        identity = body.get("azure_managed_identity")
        if isinstance(identity, dict):
            identity.pop("credential_id", None)
        return body
