"""databricks_model_serving_provisioned_throughput: an endpoint of language models, sized in model units."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.serving.model_serving import (
    ENDPOINTS,
    as_configured,
    endpoint_path,
    update_tags_and_gateway,
    wait_until_made,
    wait_until_updated,
)
from brickyard_local.provider.resources.waiting import timeout_s

_DEFAULT_TIMEOUT_S = 10 * 60
_CREATE_FIELDS = ("ai_gateway", "budget_policy_id", "config", "email_notifications", "name", "tags")


class ModelServingProvisionedThroughput(Resource):
    """An endpoint in model units; every change waits until the endpoint has taken it.

    Gaps: as `ModelServing`.
    """

    type_name = "databricks_model_serving_provisioned_throughput"
    import_form = "<name>"
    behaviour = Behaviour(
        force_new=frozenset({"name"}),
        computed_blocks=frozenset(
            {"ai_gateway.guardrails.input.pii", "ai_gateway.usage_tracking_config", "config.traffic_config"}
        ),
    )

    def create(self, session: Session, planned: State) -> str:
        name = str(planned["name"])
        session.api.post(f"{ENDPOINTS}/pt", session.body(planned, *_CREATE_FIELDS))
        wait_until_made(session, name, timeout_s(planned, "create", _DEFAULT_TIMEOUT_S))
        return name

    def read(self, session: Session, state: State) -> Found | None:
        endpoint = session.api.get(endpoint_path(str(state["id"])))
        config = as_configured(endpoint.get("config") or {}, state)
        return {**session.found({**endpoint, "config": config}), "serving_endpoint_id": endpoint.get("id")}

    def update(self, session: Session, prior: State, planned: State) -> str:
        name = str(prior["id"])
        names, body = session.changed(prior, planned), session.body(planned)
        if "config" in names:
            session.api.put(f"{ENDPOINTS}/pt/{name}/config", {"config": body["config"]})
            wait_until_updated(session, name, timeout_s(planned, "update", _DEFAULT_TIMEOUT_S))
        update_tags_and_gateway(session, name, names, body)
        return name

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(endpoint_path(str(prior["id"])))
