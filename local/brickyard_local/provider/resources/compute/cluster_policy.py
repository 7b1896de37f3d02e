"""databricks_cluster_policy."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_whitespace
from brickyard_local.provider.resource import Found, Resource, Session, State

_POLICIES = "/api/2.0/policies/clusters"
_FIELDS = (
    "definition",
    "description",
    "libraries",
    "max_clusters_per_user",
    "name",
    "policy_family_definition_overrides",
    "policy_family_id",
)


class ClusterPolicy(Resource):
    """A cluster policy. Gaps: a policy of a built-in family is made, where the genuine provider edits it."""

    type_name = "databricks_cluster_policy"
    behaviour = Behaviour(
        schema_version=1,
        suppress={
            "definition": ignore_whitespace,
            "policy_family_definition_overrides": ignore_whitespace,
        },
        one_of=(
            OneOf(names=("definition", "policy_family_definition_overrides")),
            OneOf(names=("definition", "policy_family_id")),
        ),
    )

    def create(self, session: Session, planned: State) -> str:
        answer = session.api.post(f"{_POLICIES}/create", session.body(planned, *_FIELDS))
        return str(answer["policy_id"])

    def read(self, session: Session, state: State) -> Found | None:
        return session.found(session.api.get(f"{_POLICIES}/get", {"policy_id": str(state["id"])}))

    def update(self, session: Session, prior: State, planned: State) -> str:
        body = {**session.body(planned, *_FIELDS), "policy_id": prior["id"]}
        if "policy_family_id" in body:
            body.pop("definition", None)
        session.api.post(f"{_POLICIES}/edit", body)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{_POLICIES}/delete", {"policy_id": prior["id"]})
