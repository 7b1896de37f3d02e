"""databricks_access_control_rule_set: every role on one service principal."""

from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value


class AccessControlRuleSet(Resource):
    """The whole set: who is not named loses the role. Who makes the principal, and administrators, keep theirs."""

    type_name = "databricks_access_control_rule_set"
    import_form = "accounts/<account id>/servicePrincipals/<application id>/ruleSets/default"
    behaviour = Behaviour(force_new=frozenset({"name"}), local=frozenset({"id", "etag"}))

    def create(self, session: Session, planned: State) -> str:
        _write(session, str(planned["name"]), _rules(planned))
        return str(planned["name"])

    def read(self, session: Session, state: State) -> Found | None:
        """The etag is of the moment, and no state holds it."""
        answer = _read(session, str(state["id"]))
        return {"name": answer["name"], "grant_rules": answer.get("grant_rules") or []}

    def update(self, session: Session, prior: State, planned: State) -> str:
        _write(session, str(prior["id"]), _rules(planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        """The set cannot go away: it is emptied."""
        _write(session, str(prior["id"]), [])


def _rules(planned: State) -> list[dict[str, Value]]:
    rules = planned.get("grant_rules") or []
    return [{"role": rule["role"], "principals": rule.get("principals") or []} for rule in rules]


def _path(session: Session) -> str:
    """An account's provider asks the account, a workspace's its proxy."""
    account = f"/{session.api.account_id}" if session.api.account_id else ""
    return f"/api/2.0/preview/accounts{account}/access-control/rule-sets"


def _read(session: Session, name: str) -> Any:
    return session.api.get(_path(session), {"name": name, "etag": ""})


def _write(session: Session, name: str, rules: list[dict[str, Value]]) -> None:
    rule_set = {"name": name, "etag": _read(session, name)["etag"], "grant_rules": rules}
    session.api.put(_path(session), {"name": name, "rule_set": rule_set})
