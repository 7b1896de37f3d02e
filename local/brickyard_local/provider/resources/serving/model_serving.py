"""databricks_model_serving: an endpoint which serves models."""

import re
import time
from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_unset
from brickyard_local.provider.errors import ProviderError
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import UNKNOWN, Value

_ENDPOINTS = "/api/2.0/serving-endpoints"
_DEFAULT_TIMEOUT_S = 45 * 60
_LONGEST_PAUSE_S = 2.0
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


class EndpointNotReady(ProviderError):
    """Raised when an endpoint does not take its configuration."""


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
        session.api.post(_ENDPOINTS, session.body(planned, *_CREATE_FIELDS))
        try:
            _wait(session, name, _timeout_s(planned, "create"))
        except EndpointNotReady:
            session.api.delete(_path(name))
            raise
        return name

    def read(self, session: Session, state: State) -> Found | None:
        endpoint = session.api.get(_path(str(state["id"])))
        config = _as_configured(endpoint.get("config") or {}, _configured(state))
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
            session.api.put(f"{_path(name)}/config", body["config"])
            _wait(session, name, _timeout_s(planned, "update"))
        if "tags" in names:
            self._update_tags(session, name, body.get("tags", []))
        if "ai_gateway" in names:
            session.api.put(f"{_path(name)}/ai-gateway", body.get("ai_gateway", {}))
        return name

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(_path(str(prior["id"])))

    def _update_tags(self, session: Session, name: str, wanted: list[dict[str, str]]) -> None:
        current = session.api.get(_path(name)).get("tags") or []
        keys = {tag["key"] for tag in wanted}
        change = {
            "add_tags": [tag for tag in wanted if tag not in current],
            "delete_tags": [tag["key"] for tag in current if tag["key"] not in keys],
        }
        session.api.patch(f"{_path(name)}/tags", {key: tags for key, tags in change.items() if tags})


def _path(name: str) -> str:
    return f"{_ENDPOINTS}/{segment(name)}"


def _wait(session: Session, name: str, timeout_s: float) -> None:
    """Until the endpoint says that it is not updating. Errors: EndpointNotReady."""
    deadline, pause_s = time.monotonic() + timeout_s, 0.1
    while True:
        state = session.api.get(_path(name)).get("state") or {}
        update = state.get("config_update")
        if update == "NOT_UPDATING":
            return
        if update in ("UPDATE_FAILED", "UPDATE_CANCELED"):
            raise EndpointNotReady(f"The endpoint {name} did not take its configuration", f"Its state is {update}.")
        if time.monotonic() > deadline:
            raise EndpointNotReady(f"The endpoint {name} is not ready after {timeout_s:.0f} s", f"It is {update}.")
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _timeout_s(planned: State, action: str) -> float:
    """Go's duration in the `timeouts` block, in seconds."""
    timeouts = planned.get("timeouts")
    written = timeouts.get(action) if isinstance(timeouts, dict) else None
    if not isinstance(written, str):
        return _DEFAULT_TIMEOUT_S
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", written))


def _configured(state: State) -> Mapping[str, Value]:
    config = state.get("config")
    return config[0] if isinstance(config, list) and config and isinstance(config[0], dict) else {}


def _as_configured(config: dict[str, Any], ours: Mapping[str, Value]) -> dict[str, Any]:
    """The platform reports entities as models too, adds sizes nobody asked for, and has its own order."""
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
