"""The rules of serving endpoints: who may do what, which config is served, and who answers a request."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import (
    AlreadyExists,
    ApiError,
    InvalidParameter,
    InvalidState,
    NotFound,
    ResourceConflict,
    TemporarilyUnavailable,
)
from brickyard_local.serving import answers
from brickyard_local.serving.config import check_ai_gateway, check_endpoint, checked
from brickyard_local.serving.deployments import Deployments, FindFolder
from brickyard_local.serving.needs import CallerOf, Catalog, Models, Permissions
from brickyard_local.serving.served import Identity, ServedEntity
from brickyard_local.store import Document, Store

OBJECT_TYPE = "serving-endpoints"
_KIND = "serving_endpoints"
_LOG_LIMIT_BYTES = 1024 * 1024


class ServingService:
    """Endpoints of all workspaces."""

    def __init__(
        self,
        store: Store,
        deployments: Deployments,
        *,
        permissions: Permissions,
        catalog: Catalog,
        models: Models,
        caller_of: CallerOf,
    ) -> None:
        self._store = store
        self._deployments = deployments
        self._permissions = permissions
        self._catalog = catalog
        self._models = models
        self._caller_of = caller_of

    def exists(self, workspace_id: int, endpoint_id: str) -> bool:
        """Whether there is an endpoint of this hex id; the permissions service asks."""
        return any(e["id"] == endpoint_id for e in self._store.all(_KIND, scope=workspace_id))

    def start(self, workspace_ids: list[int]) -> None:
        """After a start: bring every endpoint back, and take up updates that were interrupted."""
        for workspace_id in workspace_ids:
            for endpoint in self._store.all(_KIND, scope=workspace_id):
                if endpoint["config"]:
                    self._deployments.restore(endpoint, self._finder(endpoint))
                if endpoint["config_update"] == "IN_PROGRESS":
                    self._deploy(endpoint)

    def close(self) -> None:
        """End every served entity."""
        self._deployments.close()

    def create(self, caller: Caller, body: Mapping[str, Any]) -> Document:
        """Create an endpoint; its entities start in the background."""
        check_endpoint(body)
        name, scope = body["name"], caller.workspace.workspace_id
        config = self._checked(caller, body["config"]) if body.get("config") else None
        with self._store.write():
            if self._store.get(_KIND, name, scope=scope) is not None:
                raise AlreadyExists(f"Endpoint with name '{name}' already exists.")
            endpoint = {
                "name": name,
                "id": secrets.token_hex(16),
                "workspace_id": scope,
                "creator": caller.principal,
                "creation_timestamp": now_ms(),
                "last_updated_timestamp": now_ms(),
                "tags": body.get("tags") or [],
                "description": body.get("description") or "",
                "config": None,
                "pending": _versioned(config, 1) if config else None,
                "config_update": "IN_PROGRESS" if config else "NOT_UPDATING",
            }
            self._store.put(_KIND, name, endpoint, scope=scope)
            self._permissions.own(caller, OBJECT_TYPE, endpoint["id"])
        if config:
            self._deploy(endpoint)
        return self._answer(caller, endpoint)

    def get(self, caller: Caller, name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return self._answer(caller, self._find(caller, name, "CAN_VIEW"))

    def listed(self, caller: Caller) -> list[Document]:
        """Endpoints that the caller may view."""
        return [
            answers.listed(endpoint, self._deployments.active(endpoint["id"]))
            for endpoint in self._store.all(_KIND, scope=caller.workspace.workspace_id)
            if self._permissions.holds(caller, OBJECT_TYPE, endpoint["id"], "CAN_VIEW")
        ]

    def update_config(self, caller: Caller, name: str, config: Mapping[str, Any]) -> Document:
        """Serve another config; the old one answers until the new one is ready. Errors: ResourceConflict."""
        endpoint = self._find(caller, name, "CAN_MANAGE")
        creator = self._caller_of(endpoint["workspace_id"], endpoint["creator"])
        wanted = self._checked(creator, config)
        with self._store.write():
            endpoint = self._find(caller, name, "CAN_MANAGE")
            if endpoint["config_update"] == "IN_PROGRESS":
                raise ResourceConflict(f"Endpoint '{name}' is being updated: wait until config_update is NOT_UPDATING.")
            last = max((endpoint[c] or {"config_version": 0})["config_version"] for c in ("config", "pending"))
            changes = {"pending": _versioned(wanted, last + 1), "config_update": "IN_PROGRESS", "failure": None}
            endpoint = self._put({**endpoint, **changes, "last_updated_timestamp": now_ms()})
        self._deploy(endpoint)
        return self._answer(caller, endpoint)

    def update_tags(self, caller: Caller, name: str, add: list[Document], delete: list[str]) -> list[Document]:
        """Set tags by their keys, remove others."""
        with self._store.write():
            endpoint = self._find(caller, name, "CAN_MANAGE")
            tags = {tag["key"]: tag for tag in endpoint["tags"] if tag["key"] not in delete}
            tags |= {tag["key"]: tag for tag in add}
            endpoint = self._put({**endpoint, "tags": list(tags.values())})
        return list(tags.values())

    def put_ai_gateway(self, caller: Caller, name: str, body: Mapping[str, Any]) -> None:
        """Errors: NotEmulated for everything but an empty or switched-off gateway."""
        self._find(caller, name, "CAN_MANAGE")
        check_ai_gateway(body)

    def delete(self, caller: Caller, name: str) -> None:
        """Delete the endpoint and end its processes."""
        endpoint = self._find(caller, name, "CAN_MANAGE")
        with self._store.write():
            self._store.delete(_KIND, name, scope=endpoint["workspace_id"])
            self._permissions.forget(endpoint["workspace_id"], OBJECT_TYPE, endpoint["id"])
        self._deployments.remove(endpoint["id"])

    def logs(self, caller: Caller, name: str, entity: str) -> str:
        """The output of a served entity."""
        endpoint = self._find(caller, name, "CAN_VIEW")
        configs = [endpoint[c] for c in ("config", "pending") if endpoint[c]]
        known = {e["name"] for config in configs for e in config["served_entities"]}
        if entity not in known:
            raise NotFound(f"Endpoint '{name}' has no served entity '{entity}'; it has {sorted(known)}.")
        log = self._deployments.log(endpoint["id"], entity)
        return log.read_bytes()[-_LOG_LIMIT_BYTES:].decode(errors="replace") if log.exists() else ""

    def answering(self, caller: Caller, name: str, entity: str | None) -> ServedEntity:
        """Who answers one request: the entity asked for, or one by its share of the traffic.

        Errors: NotFound, PermissionDenied, TemporarilyUnavailable.
        """
        endpoint = self._find(caller, name, "CAN_QUERY")
        active = self._deployments.active(endpoint["id"])
        if not endpoint["config"] or not active:
            raise _serves_nothing(endpoint)
        chosen = entity or _by_share(endpoint["config"]["routes"])
        if chosen not in active:
            raise NotFound(f"Endpoint '{name}' has no served entity '{chosen}'; it has {sorted(active)}.")
        if not active[chosen].is_ready:
            raise TemporarilyUnavailable(
                f"Served entity '{chosen}' of endpoint '{name}' is not ready: {active[chosen].message or 'it starts'}"
            )
        return active[chosen]

    def _checked(self, creator: Caller, config: Mapping[str, Any]) -> Document:
        """Errors: of the config, and of Unity Catalog when the creator may not use a model version."""
        wanted = checked(config)
        for entity in wanted["served_entities"]:
            self._catalog.require(creator, "function", entity["entity_name"], "EXECUTE")
            self._folder(creator, entity["entity_name"], entity["entity_version"])
        return wanted

    def _folder(self, creator: Caller, full_name: str, version: str) -> Path:
        found = self._models.resolve(creator, full_name, version)
        if found.status != "READY":
            raise InvalidParameter(f"Version {version} of '{full_name}' is {found.status}; only READY ones are served.")
        return found.folder

    def _deploy(self, endpoint: Document) -> None:
        version = endpoint["pending"]["config_version"]

        def done(failure: str | None) -> bool:
            with self._store.write():
                known = self._store.get(_KIND, endpoint["name"], scope=endpoint["workspace_id"])
                if known is None or known["id"] != endpoint["id"] or not known["pending"]:
                    return False
                if known["pending"]["config_version"] != version:
                    return False
                if failure:
                    self._put({**known, "config_update": "UPDATE_FAILED", "failure": failure})
                else:
                    changes = {"config": known["pending"], "pending": None, "failure": None}
                    self._put({**known, **changes, "config_update": "NOT_UPDATING"})
                return True

        self._deployments.deploy(endpoint, endpoint["pending"], self._finder(endpoint), done)

    def _finder(self, endpoint: Document) -> FindFolder:
        def find(identity: Identity) -> Path:
            creator = self._caller_of(endpoint["workspace_id"], endpoint["creator"])
            return self._folder(creator, identity.entity_name, identity.entity_version)

        return find

    def _find(self, caller: Caller, name: str, level: str) -> Document:
        endpoint = self._store.get(_KIND, name, scope=caller.workspace.workspace_id)
        if endpoint is None:
            raise NotFound(f"Endpoint with name '{name}' does not exist.")
        self._permissions.require(caller, OBJECT_TYPE, endpoint["id"], level)
        return endpoint

    def _put(self, endpoint: Document) -> Document:
        return self._store.put(_KIND, endpoint["name"], endpoint, scope=endpoint["workspace_id"])

    def _answer(self, caller: Caller, endpoint: Document) -> Document:
        endpoint_id = endpoint["id"]
        answer = answers.endpoint(
            endpoint, self._deployments.active(endpoint_id), self._deployments.pending(endpoint_id)
        )
        levels = ("CAN_MANAGE", "CAN_QUERY", "CAN_VIEW")
        held = [level for level in levels if self._permissions.holds(caller, OBJECT_TYPE, endpoint_id, level)]
        url = f"{caller.workspace.host}/serving-endpoints/{endpoint['name']}/invocations"
        return answer | {"permission_level": held[0], "endpoint_url": url}


def _versioned(config: Document, version: int) -> Document:
    return {**config, "config_version": version, "created_at": now_ms()}


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
