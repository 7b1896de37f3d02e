"""databricks_service_principal_federation_policy."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import InvalidValue, NotAnAccount
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.generated import Generated, plain
from brickyard_local.provider.wire.values import UNKNOWN, Value

_SENT = ("description", "oidc_policy")


class ServicePrincipalFederationPolicy(Generated):
    """Whose tokens sign in as a service principal, by a provider of the account."""

    type_name = "databricks_service_principal_federation_policy"
    id_attribute = "policy_id"
    address = ("service_principal_id", "policy_id")
    number_keys = frozenset({"service_principal_id"})
    behaviour = Behaviour(
        framework=True,
        force_new=frozenset({"policy_id", "service_principal_id"}),
        keeps=frozenset({"create_time", "name", "policy_id", "service_principal_id", "uid"}),
        local=frozenset(),
    )

    def create(self, session: Session, planned: State) -> str:
        wanted = planned.get("policy_id")
        query = f"?policy_id={segment(str(wanted))}" if wanted not in (None, UNKNOWN) else ""
        answer = session.api.post(f"{_collection(session, planned)}{query}", _body(planned))
        return str(answer["policy_id"])

    def read(self, session: Session, state: State) -> Found | None:
        return dict(session.api.get(_path(session, state)))

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.patch(f"{_path(session, prior)}?update_mask={','.join(_SENT)}", _body(planned))
        return str(prior["policy_id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(session, prior))


def _body(planned: State) -> dict[str, Value]:
    return plain({name: planned.get(name) for name in _SENT})


def _collection(session: Session, state: State) -> str:
    if not session.api.account_id:
        raise NotAnAccount(ServicePrincipalFederationPolicy.type_name)
    owner = state.get("service_principal_id")
    if owner in (None, UNKNOWN):
        raise InvalidValue("service_principal_id is missing", "Say whose policy it is.")
    place = f"/api/2.0/accounts/{session.api.account_id}/servicePrincipals"
    return f"{place}/{segment(str(int(owner)))}/federationPolicies"


def _path(session: Session, state: State) -> str:
    return f"{_collection(session, state)}/{segment(str(state['policy_id']))}"
