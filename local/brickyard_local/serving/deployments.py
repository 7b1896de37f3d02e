"""The processes behind the endpoints: started for a config, swapped in when all of it is ready."""

import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.serving.config import Config
from brickyard_local.serving.served import Identity, ServedEntity
from brickyard_local.store import Document

FindFolder = Callable[[Identity], Path]
Served = dict[str, ServedEntity]

_LONGEST_SOCKET_FOLDER = 60


class Deployments:
    """Served entities of each endpoint, by the endpoint's id."""

    def __init__(self, home: Home) -> None:
        self._logs = home.logs / "serving"
        self._lock = threading.RLock()
        self._sockets: Path | None = None
        self._active: dict[str, Served] = {}
        self._pending: dict[str, Served] = {}
        self._closing = False

    def active(self, endpoint_id: str) -> Served:
        """What answers requests now."""
        return self._active.get(endpoint_id, {})

    def pending(self, endpoint_id: str) -> Served:
        """What an update is starting, or what it failed with."""
        return self._pending.get(endpoint_id, {})

    def restore(self, endpoint: Document, find_folder: FindFolder) -> None:
        """Start what was active before the workspace stopped."""
        with self._lock:
            self._active[endpoint["id"]] = self._start(endpoint, endpoint["config"], find_folder, {}, recovering=True)

    def deploy(
        self, endpoint: Document, config: Config, find_folder: FindFolder, done: Callable[[str | None], bool]
    ) -> None:
        """Start a config in the background; entities that run already are kept. `done` gets the reason of a failure.

        `done` answers whether the endpoint still wants this; only then the new entities take over.
        """
        endpoint_id = endpoint["id"]
        with self._lock:
            self._drop_failed(endpoint_id)
            served = self._start(endpoint, config, find_folder, self.active(endpoint_id), recovering=False)
            self._pending[endpoint_id] = served
        thread = threading.Thread(
            target=self._finish, args=(endpoint_id, served, done), name=f"deploy-{endpoint['name']}", daemon=True
        )
        thread.start()

    def remove(self, endpoint_id: str) -> None:
        """End everything of an endpoint."""
        with self._lock:
            found = {id(s): s for served in (self._active, self._pending) for s in served.pop(endpoint_id, {}).values()}
        for entity in found.values():
            entity.stop()

    def close(self) -> None:
        """End everything."""
        self._closing = True
        for endpoint_id in {*self._active, *self._pending}:
            self.remove(endpoint_id)
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def log(self, endpoint_id: str, entity: str) -> Path:
        """Where the output of a served entity goes."""
        return self._logs / f"{endpoint_id}-{entity}.log"

    def _start(
        self, endpoint: Document, config: Config, find_folder: FindFolder, running: Served, *, recovering: bool
    ) -> Served:
        served: Served = {}
        for entity in config["served_entities"]:
            identity = _identity(entity)
            kept = running.get(identity.name)
            if kept is not None and kept.identity == identity:
                served[identity.name] = kept
                continue
            served[identity.name] = ServedEntity(
                identity,
                find_folder=partial(find_folder, identity),
                socket_path=self._socket_folder() / secrets.token_hex(6),
                log=self.log(endpoint["id"], identity.name),
                recovering=recovering,
            )
        return served

    def _finish(self, endpoint_id: str, served: Served, done: Callable[[str | None], bool]) -> None:
        for entity in served.values():
            if entity not in self.active(endpoint_id).values():
                entity.settled.wait()
        failed = [entity.message for entity in served.values() if entity.state == "DEPLOYMENT_FAILED"]
        with self._lock:
            if self._closing or self._pending.get(endpoint_id) is not served:
                return
            if not done("; ".join(failed) or None) or failed:
                return
            old = self._active.get(endpoint_id, {})
            self._active[endpoint_id] = self._pending.pop(endpoint_id)
        for entity in old.values():
            if entity not in served.values():
                entity.stop()

    def _drop_failed(self, endpoint_id: str) -> None:
        kept = self.active(endpoint_id).values()
        for entity in self._pending.pop(endpoint_id, {}).values():
            if entity not in kept:
                entity.stop()

    def _socket_folder(self) -> Path:
        """A private folder with a short path: a socket's path may have about a hundred characters."""
        if self._sockets is None:
            base = tempfile.gettempdir()
            short = base if len(base) < _LONGEST_SOCKET_FOLDER else "/tmp"  # noqa: S108 - mkdtemp makes it private
            self._sockets = Path(tempfile.mkdtemp(prefix="brickyard-", dir=short))
        return self._sockets


def _identity(entity: Document) -> Identity:
    variables = {name: str(value) for name, value in (entity.get("environment_vars") or {}).items()}
    return Identity(
        name=entity["name"],
        entity_name=entity["entity_name"],
        entity_version=entity["entity_version"],
        environment_vars=tuple(sorted(variables.items())),
    )
