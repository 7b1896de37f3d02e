"""databricks_secret."""

from brickyard_local.provider.engine.behaviour import Behaviour, not_empty
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.pair import Pair
from brickyard_local.provider.resources.secrets.secret_scope import SECRETS, is_scope_name


class Secret(Pair):
    """One secret. Its value stands in Terraform's state: give it by other means wherever you can."""

    type_name = "databricks_secret"
    names = ("scope", "key")
    separator = "|||"
    behaviour = Behaviour(
        force_new=frozenset({"key", "scope", "string_value"}),
        checks={"key": is_scope_name, "scope": is_scope_name, "string_value": not_empty},
        not_reported=frozenset({"string_value"}),
    )

    def tie(self, session: Session, planned: State, left: str, right: str) -> None:
        session.api.post(f"{SECRETS}/put", {"scope": left, "key": right, "string_value": planned["string_value"]})

    def look(self, session: Session, left: str, right: str) -> Found | None:
        known = session.api.get(f"{SECRETS}/list", {"scope": left}).get("secrets") or []
        found = next((secret for secret in known if secret["key"] == right), None)
        if found is None:
            return None
        reference = "{{secrets/" + f"{left}/{right}" + "}}"
        return {"config_reference": reference, "last_updated_timestamp": found["last_updated_timestamp"]}

    def cut(self, session: Session, left: str, right: str) -> None:
        session.api.post(f"{SECRETS}/delete", {"scope": left, "key": right})
