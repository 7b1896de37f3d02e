"""databricks_cluster_policy.

Gaps, refused: policy families.
"""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_whitespace
from brickyard_local.provider.errors import NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

_POLICIES = "/api/2.0/policies/clusters"
_FAMILY = ("policy_family_id", "policy_family_definition_overrides")


class ClusterPolicy(Resource):
    """Rules for clusters."""

    type_name = "databricks_cluster_policy"
    import_form = "<policy id>"
    behaviour = Behaviour(
        schema_version=1,
        suppress={"definition": ignore_whitespace, "policy_family_definition_overrides": ignore_whitespace},
        one_of=tuple(OneOf(names=("definition", name)) for name in _FAMILY),
        local=frozenset({"id"}),
    )

    def create(self, session: Session, planned: State) -> str:
        return str(session.api.post(f"{_POLICIES}/create", session.body(planned))["policy_id"])

    def read(self, session: Session, state: State) -> Found | None:
        policy = session.api.get(f"{_POLICIES}/get", {"policy_id": str(state["id"])})
        return {**session.found(policy), "policy_id": policy["policy_id"]}

    def update(self, session: Session, prior: State, planned: State) -> str:
        session.api.post(f"{_POLICIES}/edit", {**session.body(planned), "policy_id": prior["id"]})
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{_POLICIES}/delete", {"policy_id": prior["id"]})

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        refused = [name for name in _FAMILY if planned.get(name)]
        if refused:
            raise NotEmulated("argument", f"databricks_cluster_policy.{refused[0]}")
        return planned
