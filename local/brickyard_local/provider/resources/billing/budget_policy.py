"""databricks_budget_policy: tags that serverless work is billed under, by a provider of the account."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import NotAnAccount
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.generated import Generated, plain
from brickyard_local.provider.wire.values import Value

_SENT = ("binding_workspace_ids", "custom_tags", "policy_name")


class BudgetPolicy(Generated):
    """A budget policy; an update sends it whole."""

    type_name = "databricks_budget_policy"
    id_attribute = "policy_id"
    address = ("policy_id",)
    behaviour = Behaviour(
        framework=True, force_new=frozenset({"policy_id"}), keeps=frozenset({"policy_id"}), local=frozenset()
    )

    def create(self, session: Session, planned: State) -> str:
        return str(session.api.post(_collection(session), {"policy": _body(planned)})["policy_id"])

    def read(self, session: Session, state: State) -> Found | None:
        return dict(session.api.get(_path(session, state)))

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.patch(_path(session, prior), _body(planned))
        return str(prior["policy_id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(session, prior))


def _body(planned: State) -> dict[str, Value]:
    return plain({name: planned.get(name) for name in _SENT})


def _collection(session: Session) -> str:
    if not session.api.account_id:
        raise NotAnAccount(BudgetPolicy.type_name)
    return f"/api/2.1/accounts/{session.api.account_id}/budget-policies"


def _path(session: Session, state: State) -> str:
    return f"{_collection(session)}/{segment(str(state['policy_id']))}"
