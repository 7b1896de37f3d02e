"""databricks_secret_acl."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.pair import Pair
from brickyard_local.provider.resources.secrets.secret_scope import SECRETS, is_scope_name


class SecretAcl(Pair):
    """What one principal may do with a scope."""

    type_name = "databricks_secret_acl"
    names = ("scope", "principal")
    separator = "|||"
    behaviour = Behaviour(force_new=frozenset({"permission", "principal", "scope"}), checks={"scope": is_scope_name})

    def tie(self, session: Session, planned: State, left: str, right: str) -> None:
        body = {"scope": left, "principal": right, "permission": planned["permission"]}
        session.api.post(f"{SECRETS}/acls/put", body)

    def look(self, session: Session, left: str, right: str) -> Found | None:
        found = session.api.get(f"{SECRETS}/acls/get", {"scope": left, "principal": right})
        return {"permission": found["permission"]}

    def cut(self, session: Session, left: str, right: str) -> None:
        session.api.post(f"{SECRETS}/acls/delete", {"scope": left, "principal": right})
