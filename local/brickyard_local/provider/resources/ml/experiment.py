"""databricks_mlflow_experiment."""

from brickyard_local.provider.engine.behaviour import Behaviour, ignore_unset
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

_EXPERIMENTS = "/api/2.0/mlflow/experiments"


def _is_same_place(old: Value, new: Value) -> bool:
    """`/Workspace/Shared/x/` and `/Shared/x` name one experiment."""
    return isinstance(old, str) and isinstance(new, str) and _plain(old) == _plain(new)


def _plain(name: str) -> str:
    return name.removeprefix("/Workspace").removesuffix("/")


class Experiment(Resource):
    """An MLflow experiment; its runs are not Terraform's."""

    type_name = "databricks_mlflow_experiment"
    behaviour = Behaviour(
        force_new=frozenset({"artifact_location"}),
        computed_blocks=frozenset({"tags"}),
        suppress={"artifact_location": ignore_unset, "name": _is_same_place},
        local=frozenset({"id", "description"}),
    )

    def create(self, session: Session, planned: State) -> str:
        body = session.body(planned, "artifact_location", "name", "tags")
        return str(session.api.post(f"{_EXPERIMENTS}/create", body)["experiment_id"])

    def read(self, session: Session, state: State) -> Found | None:
        answer = session.api.get(f"{_EXPERIMENTS}/get", {"experiment_id": str(state["id"])})
        return session.found(answer["experiment"])

    def update(self, session: Session, prior: State, planned: State) -> str:
        body = {"experiment_id": prior["id"], "new_name": planned["name"]}
        session.api.post(f"{_EXPERIMENTS}/update", body)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{_EXPERIMENTS}/delete", {"experiment_id": prior["id"]})
