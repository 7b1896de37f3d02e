"""The processes behind the endpoints: started for a config, swapped in when all of it is ready."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from brickyard_local.account import Home
from brickyard_local.serving.config import Config
from brickyard_local.serving.logs import Logs
from brickyard_local.serving.served import Identity, Launch, ServedEntity
from brickyard_local.sockets import SocketFolder, socket_folder
from brickyard_local.store import Document

Prepare = Callable[[Identity], Launch]
Done = Callable[[str | None], bool]
Served = dict[str, ServedEntity]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A config, and the processes of its entities by their names."""

    config: Config = field(default_factory=dict)
    served: Served = field(default_factory=dict)


_NOTHING = Deployment()


class Deployments:
    """Deployments of each endpoint, by the endpoint's id."""

    def __init__(self, home: Home) -> None:
        self.logs = Logs(home.logs / "serving")
        self._sockets: SocketFolder | None = None
        self._lock = threading.RLock()
        self._active: dict[str, Deployment] = {}
        self._pending: dict[str, Deployment] = {}
        self._closing = False

    def active(self, endpoint_id: str) -> Deployment:
        """What answers requests now."""
        return self._active.get(endpoint_id, _NOTHING)

    def pending(self, endpoint_id: str) -> Deployment:
        """What an update is starting, or what it failed with."""
        return self._pending.get(endpoint_id, _NOTHING)

    def restore(self, endpoint: Document, prepare: Prepare) -> None:
        """Bring back what was active before the workspace stopped."""
        with self._lock:
            served = self._start(endpoint, endpoint["config"], prepare, {}, recovering=True)
            self._active[endpoint["id"]] = Deployment(config=endpoint["config"], served=served)

    def deploy(self, endpoint: Document, config: Config, prepare: Prepare, done: Done) -> None:
        """Start a config in the background; entities that run already are kept. `done` gets the reason of a failure.

        `done` answers whether the endpoint still wants this; only then the new entities take over.
        """
        endpoint_id = endpoint["id"]
        with self._lock:
            self._drop_failed(endpoint_id)
            served = self._start(endpoint, config, prepare, self.active(endpoint_id).served, recovering=False)
            deployment = self._pending[endpoint_id] = Deployment(config=config, served=served)
        threading.Thread(
            target=self._finish, args=(endpoint_id, deployment, done), name=f"deploy-{endpoint['name']}", daemon=True
        ).start()

    def remove(self, endpoint_id: str) -> None:
        """End everything of an endpoint."""
        with self._lock:
            gone = (each.pop(endpoint_id, _NOTHING) for each in (self._active, self._pending))
            found = {id(served): served for deployment in gone for served in deployment.served.values()}
        for entity in found.values():
            entity.stop()

    def close(self) -> None:
        """End everything."""
        self._closing = True
        for endpoint_id in {*self._active, *self._pending}:
            self.remove(endpoint_id)
        if self._sockets is not None:
            self._sockets.remove()

    def _start(
        self, endpoint: Document, config: Config, prepare: Prepare, running: Served, *, recovering: bool
    ) -> Served:
        served: Served = {}
        self._sockets = self._sockets or socket_folder("serving")
        for entity in config["served_entities"]:
            identity = _identity(entity)
            kept = running.get(identity.name)
            if kept is not None and kept.identity == identity:
                served[identity.name] = kept
                continue
            served[identity.name] = ServedEntity(
                identity,
                prepare=partial(prepare, identity),
                socket_path=self._sockets.path / secrets.token_hex(6),
                log=self.logs.path(endpoint["id"], identity.name),
                recovering=recovering,
            )
        return served

    def _finish(self, endpoint_id: str, deployment: Deployment, done: Done) -> None:
        served = list(deployment.served.values())
        for entity in served:
            if entity not in self.active(endpoint_id).served.values():
                entity.settled.wait()
        failed = [entity.message for entity in served if entity.state == "DEPLOYMENT_FAILED"]
        with self._lock:
            if self._closing or self._pending.get(endpoint_id) is not deployment:
                return
            if not done("; ".join(failed) or None) or failed:
                return
            old = self.active(endpoint_id)
            self._active[endpoint_id] = self._pending.pop(endpoint_id)
        for entity in old.served.values():
            if entity not in served:
                entity.drain()

    def _drop_failed(self, endpoint_id: str) -> None:
        kept = self.active(endpoint_id).served.values()
        for entity in self._pending.pop(endpoint_id, _NOTHING).served.values():
            if entity not in kept:
                entity.stop()


def _identity(entity: Document) -> Identity:
    variables = {name: str(value) for name, value in (entity.get("environment_vars") or {}).items()}
    return Identity(
        name=entity["name"],
        entity_name=entity["entity_name"],
        entity_version=entity["entity_version"],
        environment_vars=tuple(sorted(variables.items())),
        scale_to_zero=bool(entity.get("scale_to_zero_enabled")),
    )
