"""Who may ask an endpoint now, and which of its served entities answers."""

import secrets
import uuid
from dataclasses import dataclass

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import ApiError, InvalidParameter, InvalidState, NotFound, TemporarilyUnavailable
from brickyard_local.serving.deployments import Deployment, Deployments
from brickyard_local.serving.endpoints import Endpoints
from brickyard_local.serving.inference_tables import Exchange, InferenceTables
from brickyard_local.serving.metrics import Metrics
from brickyard_local.serving.rate_limits import RateLimiter
from brickyard_local.serving.served import CREATING, ServedEntity
from brickyard_local.store import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """One request that was let in; `served` holds its process up until `Admission.done`."""

    request_id: str
    received_ms: int
    requester: str
    endpoint_id: str
    served: ServedEntity
    served_entity_id: str
    table_id: str | None


class Admission:
    """Lets requests in, and keeps account of them."""

    def __init__(
        self,
        endpoints: Endpoints,
        deployments: Deployments,
        limiter: RateLimiter,
        metrics: Metrics,
        tables: InferenceTables,
    ) -> None:
        self._endpoints = endpoints
        self._deployments = deployments
        self._limiter = limiter
        self._metrics = metrics
        self._tables = tables

    def admit(self, caller: Caller, name: str, entity: str | None) -> Admitted:
        """Let a request to an endpoint, or to one of its served entities, in.

        Errors: NotFound, PermissionDenied, TooManyRequests, TemporarilyUnavailable, InvalidState.
        """
        received_ms = now_ms()
        endpoint = self._endpoints.find(caller, name, "CAN_QUERY")
        gateway = endpoint.get("ai_gateway") or {}
        self._limiter.admit(endpoint["id"], gateway.get("rate_limits") or [], caller)
        deployment = self._deployments.active(endpoint["id"])
        served = _chosen(endpoint, deployment, entity)
        while not served.enter():  # an update took over in between
            deployment = self._deployments.active(endpoint["id"])
            served = _chosen(endpoint, deployment, entity)
        return Admitted(
            request_id=str(uuid.uuid4()),
            received_ms=received_ms,
            requester=caller.principal,
            endpoint_id=endpoint["id"],
            served=served,
            served_entity_id=_entity_id(deployment, served.identity.name),
            table_id=(endpoint.get("payload_table") or {}).get("id"),
        )

    def forget(self, endpoint_id: str) -> None:
        """The endpoint is gone."""
        self._limiter.forget(endpoint_id)
        self._metrics.forget(endpoint_id)

    def metrics_of(self, endpoint: Document) -> str:
        """Prometheus text of what was answered, and of the processes."""
        served = self._deployments.active(endpoint["id"]).served
        return self._metrics.text(endpoint["id"], endpoint["name"], {name: each.pid for name, each in served.items()})

    def done(
        self, admitted: Admitted, status: int, took_ms: int, request: bytes, response: bytes, client_id: str | None
    ) -> None:
        """Count an answer and keep it for the inference table; call before its last byte leaves."""
        self._metrics.count(admitted.endpoint_id, admitted.served.identity.name, status, took_ms)
        if admitted.table_id is None:
            return
        exchange = Exchange(
            request_id=admitted.request_id,
            client_request_id=client_id,
            received_ms=admitted.received_ms,
            status=status,
            took_ms=took_ms,
            request=request,
            response=response,
            served_entity_id=admitted.served_entity_id,
            requester=admitted.requester,
        )
        self._tables.record(admitted.table_id, exchange)


def _chosen(endpoint: Document, deployment: Deployment, entity: str | None) -> ServedEntity:
    if not deployment.served:
        raise _serves_nothing(endpoint)
    chosen = entity or _by_share(deployment.config["routes"])
    served = deployment.served.get(chosen)
    if served is None:
        known = sorted(deployment.served)
        raise NotFound(f"Endpoint '{endpoint['name']}' has no served entity '{chosen}'; it has {known}.")
    if not served.is_ready and served.state != CREATING:
        why = served.message or "it starts"
        raise TemporarilyUnavailable(f"Served entity '{chosen}' of endpoint '{endpoint['name']}' is not ready: {why}")
    return served


def _entity_id(deployment: Deployment, name: str) -> str:
    entities = deployment.config["served_entities"]
    return str(next((entity.get("id") for entity in entities if entity["name"] == name), None) or "")


def _by_share(routes: list[Document]) -> str:
    place = secrets.randbelow(100)
    for route in routes:
        place -= route["percentage"]
        if place < 0:
            return str(route["name"])
    raise InvalidParameter("The traffic percentages do not add up to 100.")


def _serves_nothing(endpoint: Document) -> ApiError:
    """Clients try again for minutes on 503, so only what is on its way is answered so."""
    if endpoint["config_update"] == "IN_PROGRESS":
        return TemporarilyUnavailable(f"Endpoint '{endpoint['name']}' is not ready: its model is loaded.")
    why = endpoint.get("failure") or "it has no config"
    return InvalidState(f"Endpoint '{endpoint['name']}' serves nothing: {why}")
