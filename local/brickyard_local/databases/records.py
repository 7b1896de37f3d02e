"""Instances, synced tables, updates of pipelines and credentials in the store.

Shapes: instance as `instances.py` makes it, in its workspace by name. Synced table {full_name, key, table_id,
workspace_id, instance_uid, instance_name, database, schema, table, creator, created_at, pipeline_id, spec, last_sync:
{version, committed_at, began_at, ended_at} or None, incarnation, present, restoring, failure}: it follows its
securable, so that it is renamed and dropped with it; `present` says that the rows of `last_sync` can be read now,
`restoring` that they are to be copied again, `incarnation` into which files of Postgres they went. Update {update_id,
pipeline_id, state, cause, creation_time, full_refresh, message}. Credential {digest, principal, workspace_id,
instance_uid, tables: their ids or None, expires_at}.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict

from brickyard_local.clock import now_ms
from brickyard_local.databases.answers import ACTIVE, FAILED, QUEUED, RUNNING
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.store import Document, Store

SYNCED = "synced_tables"
_INSTANCES, _PIPELINES, _UPDATES = "database_instances", "synced_table_pipelines", "synced_table_updates"
_CREDENTIALS, _PORT = "database_credentials", "database_port"
_PLACES, _CLOSED = "synced_table_places", "closed_database_instances"
_MOST_KEPT = 50
_ENDED_WITH_SERVER = "The local workspace ended while the update ran. Start an update again."


class Records:
    """What is known of databases."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # Instances

    def instance(self, workspace_id: int, name: str) -> Document | None:
        return self.store.get(_INSTANCES, name, scope=workspace_id)

    def instances(self, workspace_id: int) -> list[Document]:
        return self.store.all(_INSTANCES, scope=workspace_id)

    def instance_of(self, workspace_id: int, uid: str) -> Document | None:
        return next((each for each in self.instances(workspace_id) if each["uid"] == uid), None)

    def any_instance(self) -> bool:
        """Whether the account has an instance at all."""
        return any(self.instances(each["workspace_id"]) for each in self.store.all("workspaces"))

    def keep_instance(self, instance: Document) -> Document:
        return self.store.put(_INSTANCES, instance["name"], instance, scope=instance["workspace_id"])

    def forget_instance(self, instance: Document) -> None:
        """Its synced tables stay securables, and say that it is gone."""
        with self.store.write():
            self.store.delete(_INSTANCES, instance["name"], scope=instance["workspace_id"])
            self.store.put(_CLOSED, instance["uid"], {"uid": instance["uid"]})
            for synced in self.synced_tables():
                if synced["instance_uid"] == instance["uid"]:
                    gone = f"Database instance '{instance['name']}' was deleted. Drop the synced table."
                    self.keep({**synced, "present": False, "restoring": False, "failure": gone})

    def closed_instances(self) -> list[str]:
        """Uids of those that are gone, and whose rows may not be."""
        return self.store.keys(_CLOSED)

    def forget_closed(self, uid: str) -> None:
        self.store.delete(_CLOSED, uid)

    # Synced tables

    def synced(self, full_name: str) -> Document | None:
        return self.store.get(SYNCED, _key(full_name))

    def synced_tables(self) -> list[Document]:
        return self.store.all(SYNCED)

    def of_pipeline(self, pipeline_id: str) -> Document | None:
        known = self.store.get(_PIPELINES, pipeline_id)
        if known is None:
            return None
        return next((each for each in self.synced_tables() if each["pipeline_id"] == pipeline_id), None)

    def new(self, synced: Document) -> Document:
        with self.store.write():
            known = {field: synced[field] for field in ("pipeline_id", "workspace_id")}
            self.store.put(_PIPELINES, synced["pipeline_id"], known)
            return self.keep({**synced, "key": _key(synced["full_name"])})

    def keep(self, synced: Document) -> Document:
        return self.store.put(SYNCED, synced["key"], synced)

    def change(self, pipeline_id: str, **changes: object) -> Document | None:
        """Change what is there now, if it still is."""
        with self.store.write():
            synced = self.of_pipeline(pipeline_id)
            return None if synced is None else self.keep({**synced, **changes})

    def sweep(self, forget: Callable[[int, str], None]) -> None:
        """Forget pipelines whose table was dropped; `forget` is told each one's workspace and id."""
        with self.store.write():
            used = {each["pipeline_id"] for each in self.synced_tables()}
            for gone in [each for each in self.store.all(_PIPELINES) if each["pipeline_id"] not in used]:
                self.store.delete(_PIPELINES, gone["pipeline_id"])
                for update in self.updates(gone["pipeline_id"]):
                    self._drop(update)
                forget(gone["workspace_id"], gone["pipeline_id"])

    # Where rows may lie in Postgres

    def places(self) -> list[OnlineTable]:
        return [OnlineTable(**known) for known in self.store.all(_PLACES)]

    def keep_place(self, table: OnlineTable) -> None:
        self.store.put(_PLACES, _place_key(table), asdict(table))

    def forget_place(self, table: OnlineTable) -> None:
        self.store.delete(_PLACES, _place_key(table))

    # The port

    def port(self) -> int | None:
        known = self.store.get(_PORT, _PORT)
        return None if known is None else int(known["port"])

    def keep_port(self, port: int) -> int:
        self.store.put(_PORT, _PORT, {"port": port})
        return port

    # Updates

    def updates(self, pipeline_id: str) -> list[Document]:
        """Newest first."""
        return self.store.all(_UPDATES, prefix=f"{pipeline_id}/")[::-1]

    def update(self, pipeline_id: str, update_id: str) -> Document | None:
        return self.store.get(_UPDATES, f"{pipeline_id}/{update_id}")

    def begin(self, update: Document) -> Document:
        """An update that waits for its turn. Of many, the oldest are forgotten."""
        with self.store.write():
            self._put(update)
            for old in self.updates(update["pipeline_id"])[_MOST_KEPT:]:
                self._drop(old)
            return update

    def turn(self, update: Document, state: str, message: str | None = None) -> bool:
        """Say how an active update goes on. Whether it still was active."""
        with self.store.write():
            known = self.update(update["pipeline_id"], update["update_id"])
            if known is None or known["state"] not in ACTIVE:
                return False
            self._put({**known, "state": state, "message": message})
            return True

    def waiting(self) -> list[Document]:
        """Updates that have not begun, oldest first."""
        return [update for update in self.store.all(_UPDATES) if update["state"] == QUEUED]

    def waits(self) -> bool:
        """Whether there is something to copy or to drop."""
        restoring = any(each["restoring"] for each in self.synced_tables())
        return restoring or bool(self.waiting() or self.closed_instances())

    def recover(self) -> None:
        """What an earlier process ran has failed; no row of it is known to be there."""
        with self.store.write():
            for update in self.store.all(_UPDATES):
                if update["state"] == RUNNING:
                    self.turn(update, FAILED, _ENDED_WITH_SERVER)
                    self.change(update["pipeline_id"], failure=_ENDED_WITH_SERVER)
            for synced in self.synced_tables():
                there = self.instance_of(synced["workspace_id"], synced["instance_uid"]) is not None
                copied = synced["last_sync"] is not None
                self.keep({**synced, "present": False, "restoring": copied and there})

    def _put(self, update: Document) -> None:
        self.store.put(_UPDATES, f"{update['pipeline_id']}/{update['update_id']}", update)

    def _drop(self, update: Document) -> None:
        self.store.delete(_UPDATES, f"{update['pipeline_id']}/{update['update_id']}")

    # Credentials

    def keep_credential(self, credential: Document) -> None:
        """Those that have expired go."""
        with self.store.write():
            for known in self.store.all(_CREDENTIALS):
                if known["expires_at"] < time.time():
                    self.store.delete(_CREDENTIALS, known["digest"])
            self.store.put(_CREDENTIALS, credential["digest"], credential)

    def credential(self, digest: str) -> Document | None:
        known = self.store.shared(_CREDENTIALS, digest)
        return None if known is None or known["expires_at"] < time.time() else known

    def revoke_credentials(self, principal: str) -> None:
        """Those of a principal that is gone: another may have its name within the hour."""
        with self.store.write():
            for known in self.store.all(_CREDENTIALS):
                if known["principal"] == principal:
                    self.store.delete(_CREDENTIALS, known["digest"])


def _key(full_name: str) -> str:
    return f"{full_name}/sync"


def _place_key(table: OnlineTable) -> str:
    return json.dumps([table.instance, table.database, table.schema, table.name])


def sync_of(version: int, committed_at: int, began_at: int) -> Document:
    """A copy that is whole since now."""
    return {"version": version, "committed_at": committed_at, "began_at": began_at, "ended_at": now_ms()}
