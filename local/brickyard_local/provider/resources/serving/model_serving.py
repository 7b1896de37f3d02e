"""databricks_model_serving: an endpoint which serves models."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_unset
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.waiting import NotReady, timeout_s, wait_for
from brickyard_local.provider.wire.values import UNKNOWN, Value

ENDPOINTS = "/api/2.0/serving-endpoints"
_DEFAULT_TIMEOUT_S = 45 * 60
_CREATE_FIELDS = (
    "ai_gateway",
    "budget_policy_id",
    "config",
    "description",
    "email_notifications",
    "name",
    "rate_limits",
    "route_optimized",
    "tags",
)


class ModelServing(Resource):
    """A serving endpoint; every change waits until the endpoint has taken it.

    Gaps: removing `ai_gateway` sends an empty one, where the genuine provider fails.
    """

    type_name = "databricks_model_serving"
    import_form = "<name>"
    behaviour = Behaviour(
        force_new=frozenset(
            {
                "config.auto_capture_config.catalog_name",
                "config.auto_capture_config.schema_name",
                "config.auto_capture_config.table_name_prefix",
                "name",
                "route_optimized",
            }
        ),
        computed_blocks=frozenset({"config", "config.traffic_config"}),
        defaults={"config.served_models.scale_to_zero_enabled": True},
        suppress={
            # The platform reports both names of a route, whichever was configured.
            "config.traffic_config.routes.served_entity_name": ignore_unset,
            "config.traffic_config.routes.served_model_name": ignore_unset,
        },
        one_of=(OneOf(names=("config.served_entities", "config.served_models")),),
    )

    def create(self, session: Session, planned: State) -> str:
        name = str(planned["name"])
        session.api.post(ENDPOINTS, session.body(planned, *_CREATE_FIELDS))
        wait_until_made(session, name, timeout_s(planned, "create", _DEFAULT_TIMEOUT_S))
        return name

    def read(self, session: Session, state: State) -> Found | None:
        endpoint = session.api.get(endpoint_path(str(state["id"])))
        config = as_configured(endpoint.get("config") or {}, state)
        found = session.found({**endpoint, "config": config} if config else endpoint)
        return {
            **found,
            "endpoint_url": endpoint.get("endpoint_url"),
            "serving_endpoint_id": endpoint.get("id"),
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        name = str(prior["id"])
        names, body = session.changed(prior, planned), session.body(planned)
        if "config" in names:
            session.api.put(f"{endpoint_path(name)}/config", body["config"])
            wait_until_updated(session, name, timeout_s(planned, "update", _DEFAULT_TIMEOUT_S))
        update_tags_and_gateway(session, name, names, body)
        return name

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(endpoint_path(str(prior["id"])))


def endpoint_path(name: str) -> str:
    """Where an endpoint is asked for."""
    return f"{ENDPOINTS}/{segment(name)}"


def update_tags_and_gateway(session: Session, name: str, names: frozenset[str], body: Mapping[str, Any]) -> None:
    """What every kind of endpoint takes by calls of their own."""
    if "tags" in names:
        _update_tags(session, name, body.get("tags", []))
    if "ai_gateway" in names:
        session.api.put(f"{endpoint_path(name)}/ai-gateway", body.get("ai_gateway", {}))


def wait_until_made(session: Session, name: str, timeout: float) -> None:
    """Until a new endpoint answers; one that fails is deleted. Errors: NotReady."""
    try:
        wait_until_updated(session, name, timeout)
    except NotReady:
        session.api.delete(endpoint_path(name))
        raise


def wait_until_updated(session: Session, name: str, timeout: float) -> None:
    """Until the endpoint says that it is not updating. Errors: NotReady."""

    def look() -> str:
        state = session.api.get(endpoint_path(name)).get("state") or {}
        return str(state.get("config_update"))

    failed = ("UPDATE_FAILED", "UPDATE_CANCELED")
    wait_for(f"The endpoint {name}", look, ready="NOT_UPDATING", failed=failed, timeout_s=timeout)


def _update_tags(session: Session, name: str, wanted: list[dict[str, str]]) -> None:
    current = session.api.get(endpoint_path(name)).get("tags") or []
    keys = {tag["key"] for tag in wanted}
    change = {
        "add_tags": [tag for tag in wanted if tag not in current],
        "delete_tags": [tag["key"] for tag in current if tag["key"] not in keys],
    }
    session.api.patch(f"{endpoint_path(name)}/tags", {key: tags for key, tags in change.items() if tags})


def _configured(state: State) -> Mapping[str, Value]:
    config = state.get("config")
    return config[0] if isinstance(config, list) and config and isinstance(config[0], dict) else {}


def as_configured(config: dict[str, Any], state: State) -> dict[str, Any]:
    """The platform reports entities as models too, adds sizes nobody asked for, and has its own order."""
    ours = _configured(state)
    is_by_model = bool(ours.get("served_models"))
    dropped = "served_entities" if is_by_model else "served_models"
    kept = "served_models" if is_by_model else "served_entities"
    ours_by_name = {item.get("name"): item for item in ours.get(kept) or [] if isinstance(item, dict)}
    items = [_without_size(item, ours_by_name.get(item.get("name"))) for item in config.get(kept) or []]
    order = list(ours_by_name)
    items.sort(key=lambda item: order.index(item["name"]) if item.get("name") in order else len(order))
    return {**{key: value for key, value in config.items() if key != dropped}, kept: items} if config else {}


def _without_size(item: dict[str, Any], ours: Mapping[str, Value] | None) -> dict[str, Any]:
    if ours is None or ours.get("workload_size") not in (None, "", UNKNOWN):
        return item
    return {key: value for key, value in item.items() if key != "workload_size"}
