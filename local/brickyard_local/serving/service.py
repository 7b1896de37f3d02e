"""The rules of serving endpoints: who may do what, and which config is served."""

import secrets
from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound, ResourceConflict
from brickyard_local.serving import answers
from brickyard_local.serving.admission import Admission
from brickyard_local.serving.config import check_endpoint, checked, is_provisioned
from brickyard_local.serving.deployments import Deployments, Done
from brickyard_local.serving.endpoints import Endpoints
from brickyard_local.serving.gateways import Gateways
from brickyard_local.serving.launches import Launches
from brickyard_local.serving.mlmodel import openapi
from brickyard_local.serving.needs import BudgetPolicies
from brickyard_local.serving.system_table import ServedEntities
from brickyard_local.store import Document, Store

_LANGUAGE = "llm/v1/"
_LEVELS = ("CAN_MANAGE", "CAN_QUERY", "CAN_VIEW")
_BUILD = (
    "The local workspace builds no container image: a served entity is a process that loads the model in the "
    "workspace's own Python environment. Its logs say how that went."
)


class ServingService:
    """Endpoints of all workspaces."""

    def __init__(  # noqa: PLR0913 - built once, in compose
        self,
        store: Store,
        *,
        endpoints: Endpoints,
        entities: ServedEntities,
        deployments: Deployments,
        launches: Launches,
        gateways: Gateways,
        admission: Admission,
        budget_policies: BudgetPolicies,
    ) -> None:
        self._budget_policies = budget_policies
        self._gateways = gateways
        self._store = store
        self._endpoints = endpoints
        self._entities = entities
        self._deployments = deployments
        self._launches = launches
        self._admission = admission

    def exists(self, workspace_id: int, endpoint_id: str) -> bool:
        """Whether there is an endpoint of this hex id; the permissions service asks."""
        return any(endpoint["id"] == endpoint_id for endpoint in self._endpoints.of(workspace_id))

    def recover(self, workspace_ids: list[int]) -> None:
        """Before requests are answered: bring every endpoint back, and take up updates that were interrupted."""
        for workspace_id in workspace_ids:
            for endpoint in self._endpoints.of(workspace_id):
                if endpoint["config"]:
                    self._deployments.restore(endpoint, self._launches.preparing(endpoint))
                if endpoint["config_update"] == "IN_PROGRESS":
                    self._deploy(endpoint)

    def close(self) -> None:
        """End every served entity."""
        self._deployments.close()

    def create(self, caller: Caller, body: Mapping[str, Any], *, in_units: bool = False) -> Document:
        """Create an endpoint, `in_units` of provisioned throughput; its entities start in the background."""
        check_endpoint(body, in_units=in_units)
        config = self._checked(caller, body["config"], in_units=in_units) if body.get("config") else None
        if body.get("budget_policy_id"):
            self._budget_policies.require_usable(caller, body["budget_policy_id"])
        self._refuse_taken(caller, body["name"])
        endpoint = self._gateways.configured(caller, _new(caller, body, config), body.get("ai_gateway") or {})
        try:
            with self._store.write():
                self._refuse_taken(caller, endpoint["name"])
                self._endpoints.put(endpoint)
                self._entities.keep(endpoint)
                self._endpoints.own(caller, endpoint)
                self._gateways.kept(endpoint)
        except Exception:
            self._gateways.undo(endpoint)
            raise
        if config:
            self._deploy(endpoint)
        return self._answer(caller, endpoint)

    def get(self, caller: Caller, name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return self._answer(caller, self._endpoints.find(caller, name, "CAN_VIEW"))

    def listed(self, caller: Caller) -> list[Document]:
        """Endpoints that the caller may view."""
        return [
            answers.listed(endpoint, self._deployments.active(endpoint["id"]).served)
            for endpoint in self._endpoints.viewable(caller)
        ]

    def update_config(
        self, caller: Caller, name: str, config: Mapping[str, Any], *, in_units: bool = False
    ) -> Document:
        """Serve another config; the old one answers until the new one is ready. Errors: ResourceConflict."""
        endpoint = self._endpoints.find(caller, name, "CAN_MANAGE")
        wanted = self._checked(self._launches.creator(endpoint), config, in_units=in_units)
        with self._store.write():
            endpoint = self._endpoints.find(caller, name, "CAN_MANAGE")
            if endpoint["config_update"] == "IN_PROGRESS":
                raise ResourceConflict(f"Endpoint '{name}' is being updated: wait until config_update is NOT_UPDATING.")
            last = max((endpoint[c] or {"config_version": 0})["config_version"] for c in ("config", "pending"))
            changes = {"pending": _versioned(wanted, last + 1), "config_update": "IN_PROGRESS", "failure": None}
            endpoint = self._endpoints.put({**endpoint, **changes, "last_updated_timestamp": now_ms()})
            self._entities.keep(endpoint)
        self._deploy(endpoint)
        return self._answer(caller, endpoint)

    def update_tags(self, caller: Caller, name: str, add: list[Document], delete: list[str]) -> list[Document]:
        """Set tags by their keys, remove others."""
        with self._store.write():
            endpoint = self._endpoints.find(caller, name, "CAN_MANAGE")
            tags = {tag["key"]: tag for tag in endpoint["tags"] if tag["key"] not in delete}
            tags |= {tag["key"]: tag for tag in add}
            self._endpoints.put({**endpoint, "tags": list(tags.values())})
        return list(tags.values())

    def delete(self, caller: Caller, name: str) -> None:
        """Delete the endpoint and end its processes; an inference table stays with its owner."""
        endpoint = self._endpoints.find(caller, name, "CAN_MANAGE")
        self._endpoints.delete(endpoint)
        self._deployments.remove(endpoint["id"])
        self._admission.forget(endpoint["id"])

    def logs(self, caller: Caller, name: str, entity: str) -> str:
        """The output of a served entity. Errors: NotFound."""
        endpoint = self._entity_of(caller, name, entity)
        return self._deployments.logs.end(endpoint["id"], entity)

    def build_logs(self, caller: Caller, name: str, entity: str) -> str:
        """What there is to say of a build. Errors: NotFound."""
        self._entity_of(caller, name, entity)
        return _BUILD

    def metrics(self, caller: Caller, name: str) -> str:
        """Prometheus text. Errors: NotFound, PermissionDenied."""
        endpoint = self._endpoints.find(caller, name, "CAN_VIEW")
        return self._admission.metrics_of(endpoint)

    def openapi(self, caller: Caller, name: str) -> Document:
        """The query schema of what is served now. Errors: NotFound, PermissionDenied."""
        endpoint = self._endpoints.find(caller, name, "CAN_VIEW")
        creator = self._launches.creator(endpoint)
        entities = (endpoint["config"] or {}).get("served_entities", [])
        facts = {entity["name"]: self._launches.facts(creator, entity) for entity in entities}
        return openapi(name, caller.workspace.host, facts)

    def _entity_of(self, caller: Caller, name: str, entity: str) -> Document:
        endpoint = self._endpoints.find(caller, name, "CAN_VIEW")
        configs = [endpoint[c] for c in ("config", "pending") if endpoint[c]]
        known = {e["name"] for config in configs for e in config["served_entities"]}
        if entity not in known:
            raise NotFound(f"Endpoint '{name}' has no served entity '{entity}'; it has {sorted(known)}.")
        return endpoint

    def _refuse_taken(self, caller: Caller, name: str) -> None:
        if self._endpoints.named(caller.workspace.workspace_id, name) is not None:
            raise AlreadyExists(f"Endpoint with name '{name}' already exists.")

    def _checked(self, creator: Caller, config: Mapping[str, Any], *, in_units: bool) -> Document:
        wanted = checked(config, in_units=in_units)
        for entity in wanted["served_entities"]:
            self._launches.check(creator, entity)
            entity["id"] = secrets.token_hex(16)
            entity["task"] = self._launches.facts(creator, entity).task
            if is_provisioned(entity) and not str(entity["task"]).startswith(_LANGUAGE):
                raise InvalidParameter(
                    f"Version {entity['entity_version']} of '{entity['entity_name']}' cannot have provisioned "
                    f"throughput: log it with metadata={{'task': '{_LANGUAGE}…'}}, as language models say what they do."
                )
        return wanted

    def _deploy(self, endpoint: Document) -> None:
        self._deployments.deploy(
            endpoint, endpoint["pending"], self._launches.preparing(endpoint), self._done(endpoint)
        )

    def _done(self, endpoint: Document) -> Done:
        version = endpoint["pending"]["config_version"]

        def done(failure: str | None) -> bool:
            with self._store.write():
                known = self._endpoints.named(endpoint["workspace_id"], endpoint["name"])
                if known is None or known["id"] != endpoint["id"] or not known["pending"]:
                    return False
                if known["pending"]["config_version"] != version:
                    return False
                if failure:
                    self._endpoints.put({**known, "config_update": "UPDATE_FAILED", "failure": failure})
                else:
                    changes = {"config": known["pending"], "pending": None, "failure": None}
                    self._endpoints.put({**known, **changes, "config_update": "NOT_UPDATING"})
                return True

        return done

    def _answer(self, caller: Caller, endpoint: Document) -> Document:
        active, pending = self._deployments.active(endpoint["id"]), self._deployments.pending(endpoint["id"])
        answer = answers.endpoint(endpoint, active.served, pending.served)
        held = [level for level in _LEVELS if self._endpoints.holds(caller, endpoint, level)]
        url = f"{caller.workspace.host}/serving-endpoints/{endpoint['name']}/invocations"
        return answer | {"permission_level": held[0], "endpoint_url": url}


def _new(caller: Caller, body: Mapping[str, Any], config: Document | None) -> Document:
    return {
        "name": body["name"],
        "id": secrets.token_hex(16),
        "workspace_id": caller.workspace.workspace_id,
        "creator": caller.principal,
        "creation_timestamp": now_ms(),
        "last_updated_timestamp": now_ms(),
        "tags": body.get("tags") or [],
        "description": body.get("description") or "",
        "budget_policy_id": body.get("budget_policy_id") or "",
        "config": None,
        "pending": _versioned(config, 1) if config else None,
        "config_update": "IN_PROGRESS" if config else "NOT_UPDATING",
    }


def _versioned(config: Document, version: int) -> Document:
    return {**config, "config_version": version, "created_at": now_ms()}
