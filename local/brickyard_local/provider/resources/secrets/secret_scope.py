"""databricks_secret_scope."""

import re

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

SECRETS = "/api/2.0/secrets"
_NAME = re.compile(r"[\w.@/-]{1,128}", re.ASCII)


def is_scope_name(value: Value) -> str | None:
    """Names of scopes and of their secrets."""
    if _NAME.fullmatch(str(value)):
        return None
    return f"expected at most 128 letters, digits, dashes, underscores, periods, slashes and @, got {value!r}"


class SecretScope(Resource):
    """A scope of secrets. Who makes it manages it, or `users` when `initial_manage_principal` says so."""

    type_name = "databricks_secret_scope"
    import_form = "<name>"
    behaviour = Behaviour(
        schema_version=2,
        force_new=frozenset(
            {
                "initial_manage_principal",
                "keyvault_metadata",
                "keyvault_metadata.dns_name",
                "keyvault_metadata.resource_id",
                "name",
            }
        ),
        checks={"name": is_scope_name},
        not_reported=frozenset({"initial_manage_principal"}),
    )

    def create(self, session: Session, planned: State) -> str:
        arguments = session.body(planned, "initial_manage_principal")
        keyvault = session.body(planned, "keyvault_metadata").get("keyvault_metadata")
        kind = "AZURE_KEYVAULT" if keyvault else "DATABRICKS"
        body = {"scope": planned["name"], "scope_backend_type": kind, **arguments}
        session.api.post(f"{SECRETS}/scopes/create", {**body, "backend_azure_keyvault": keyvault} if keyvault else body)
        return str(planned["name"])

    def read(self, session: Session, state: State) -> Found | None:
        scopes = session.api.get(f"{SECRETS}/scopes/list").get("scopes") or []
        found = next((scope for scope in scopes if scope["name"] == state["id"]), None)
        return None if found is None else session.found(found)

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        raise InvalidValue("databricks_secret_scope cannot be updated", "Every argument replaces it.")

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{SECRETS}/scopes/delete", {"scope": prior["id"]})
