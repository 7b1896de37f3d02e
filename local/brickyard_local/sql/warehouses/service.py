"""Warehouses: what was asked for is kept, the state is what its process shows.

Source: docs.databricks.com/api/workspace/warehouses; docs.databricks.com/security/auth/access-control (levels).
Deviations: sizes, clusters, photon, serverless, spot and channel change nothing here: all warehouses of a workspace
share its one Spark server. After a restart of the local workspace every warehouse is STOPPED; a statement starts it.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from brickyard_local.account import HOST, Home
from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.sql.access import Access
from brickyard_local.sql.needs import Entitlements, Permissions
from brickyard_local.sql.warehouses.payloads import WarehouseBody
from brickyard_local.sql.warehouses.process import RUNNING, STOPPED, WarehouseProcess
from brickyard_local.store import Document, Store

KIND = "sql_warehouses"
OBJECTS = "sql/warehouses"
_DEFAULTS: Document = {
    "auto_stop_mins": 120,
    "min_num_clusters": 1,
    "enable_photon": True,
    "spot_instance_policy": "COST_OPTIMIZED",
    "warehouse_type": "CLASSIC",
    "enable_serverless_compute": False,
    "channel": {"name": "CHANNEL_NAME_CURRENT"},
    "tags": {},
}
_ENTITLEMENT = "allow-cluster-create"
_SECONDS = 60


class WarehousesService:
    """The warehouses of every workspace of the account."""

    def __init__(
        self, store: Store, home: Home, permissions: Permissions, access: Access, entitlements: Entitlements
    ) -> None:
        self._store = store
        self._entitlements = entitlements
        self._home = home
        self._permissions = permissions
        self._access = access
        self._lock = threading.Lock()
        self._processes: dict[tuple[int, str], WarehouseProcess] = {}

    def create(self, caller: Caller, body: WarehouseBody) -> Document:
        """It starts at once, as on Databricks. Errors: PermissionDenied, InvalidParameter, AlreadyExists."""
        if not (caller.is_admin or _ENTITLEMENT in self._entitlements(caller)):
            raise PermissionDenied(
                f"'{caller.principal}' may not create SQL warehouses: that needs the entitlement {_ENTITLEMENT}."
            )
        given = _accepted(body)
        given.pop("id", None)
        if "name" not in given or "cluster_size" not in given:
            raise InvalidParameter("A warehouse needs `name` and `cluster_size`.")
        creator = caller.principal
        document = {**_DEFAULTS, **given, "id": uuid.uuid4().hex[:16], "creator_name": creator}
        document.setdefault("max_num_clusters", document["min_num_clusters"])
        document["data_source_id"] = str(uuid.uuid4())
        with self._store.write():
            self._refuse_taken(caller, document)
            self._store.put(KIND, document["id"], document, scope=caller.workspace.workspace_id)
            self._permissions.own(caller, OBJECTS, document["id"])
        self._bring_up(caller, document["id"])
        return {"id": document["id"]}

    def get(self, caller: Caller, warehouse_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECTS, warehouse_id, "CAN_VIEW")
        return self._shown(caller, self._document(caller, warehouse_id))

    def listed(self, caller: Caller) -> list[Document]:
        """Those that the caller may see, oldest first."""
        reached = self._permissions.reached(caller, OBJECTS, "CAN_VIEW")
        known = self._store.all(KIND, scope=caller.workspace.workspace_id)
        return [self._shown(caller, document) for document in known if reached is None or document["id"] in reached]

    def edit(self, caller: Caller, warehouse_id: str, body: WarehouseBody) -> None:
        """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists."""
        self._permissions.require(caller, OBJECTS, warehouse_id, "CAN_MANAGE")
        given = _accepted(body)
        if given.pop("id", warehouse_id) != warehouse_id:
            raise InvalidParameter(f"`id` in the body is not that of the path, '{warehouse_id}'.")
        with self._store.write():
            document = {**self._document(caller, warehouse_id), **given}
            if document["min_num_clusters"] > document["max_num_clusters"]:
                raise InvalidParameter("min_num_clusters must not be above max_num_clusters.")
            self._refuse_taken(caller, document)
            self._store.put(KIND, warehouse_id, document, scope=caller.workspace.workspace_id)

    def delete(self, caller: Caller, warehouse_id: str) -> None:
        """It is stopped, and what it runs is ended. Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECTS, warehouse_id, "CAN_MANAGE")
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self._store.delete(KIND, warehouse_id, scope=workspace_id)
            self._permissions.forget(workspace_id, OBJECTS, warehouse_id)
        with self._lock:
            process = self._processes.pop((workspace_id, warehouse_id), None)
        if process is not None:
            process.stop()

    def start(self, caller: Caller, warehouse_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECTS, warehouse_id, "CAN_USE")
        self._bring_up(caller, warehouse_id)

    def stop(self, caller: Caller, warehouse_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECTS, warehouse_id, "CAN_MANAGE")
        process = self.process(caller.workspace.workspace_id, warehouse_id)
        threading.Thread(target=process.stop, name=f"stop-{warehouse_id}", daemon=True).start()

    def data_sources(self, caller: Caller) -> list[Document]:
        """The same warehouses, as the older API lists them."""
        return [
            {
                "id": self._document(caller, each["id"])["data_source_id"],
                "name": each["name"],
                "warehouse_id": each["id"],
                "type": "databricks_internal",
                "syntax": "sql",
                "paused": 0,
                "supports_auto_limit": True,
                "view_only": False,
            }
            for each in self.listed(caller)
        ]

    def require(self, caller: Caller, warehouse_id: str, level: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECTS, warehouse_id, level)

    def exists(self, workspace_id: int, warehouse_id: str) -> bool:
        """For permissions."""
        return self._store.get(KIND, warehouse_id, scope=workspace_id) is not None

    def running(self, caller: Caller, warehouse_id: str, *, given_up: Callable[[], bool]) -> WarehouseProcess | None:
        """Its process, started when it is not; None when `given_up`. Errors: TemporarilyUnavailable."""
        process = self._bring_up(caller, warehouse_id)
        return process if process.wait_until_running(given_up=given_up) else None

    def process(self, workspace_id: int, warehouse_id: str) -> WarehouseProcess:
        """Of a warehouse, not necessarily running. Errors: NotFound."""
        with self._lock:
            if not self.exists(workspace_id, warehouse_id):
                raise NotFound(f"warehouses {warehouse_id} does not exist.")
            key = (workspace_id, warehouse_id)
            if key not in self._processes:
                log = self._home.logs / f"warehouse-{warehouse_id}.log"
                self._processes[key] = WarehouseProcess(log)
            return self._processes[key]

    def stop_idle(self) -> None:
        """Stop those that were idle for longer than their `auto_stop_mins`."""
        with self._lock:
            processes = dict(self._processes)
        for (workspace_id, warehouse_id), process in processes.items():
            document = self._store.get(KIND, warehouse_id, scope=workspace_id)
            minutes = (document or {}).get("auto_stop_mins", 0)
            if minutes and process.state == RUNNING and process.idle_s() > minutes * _SECONDS:
                process.stop()

    def close(self) -> None:
        """Stop every process."""
        with self._lock:
            processes = list(self._processes.values())
        for process in processes:
            process.stop()

    def _bring_up(self, caller: Caller, warehouse_id: str) -> WarehouseProcess:
        process = self.process(caller.workspace.workspace_id, warehouse_id)

        @contextmanager
        def probe() -> Iterator[dict[str, str]]:
            with self._access.token(caller, f"start of {warehouse_id}") as token:
                yield self._access.environment(caller, token)

        process.start(probe)
        return process

    def _document(self, caller: Caller, warehouse_id: str) -> Document:
        document = self._store.get(KIND, warehouse_id, scope=caller.workspace.workspace_id)
        if document is None:
            raise NotFound(f"warehouses {warehouse_id} does not exist.")
        return document

    def _refuse_taken(self, caller: Caller, document: Document) -> None:
        for known in self._store.all(KIND, scope=caller.workspace.workspace_id):
            if known["name"] == document["name"] and known["id"] != document["id"]:
                raise AlreadyExists(f"SQL warehouse with name `{document['name']}` already exists", status=400)

    def _shown(self, caller: Caller, document: Document) -> Document:
        process = self.process(caller.workspace.workspace_id, document["id"])
        state, port = process.state, caller.workspace.port
        path = f"/sql/1.0/warehouses/{document['id']}"
        shown = {key: value for key, value in document.items() if key != "data_source_id"}
        return {
            **shown,
            "state": state,
            "health": _health(process, state),
            "num_clusters": 1 if state == RUNNING else 0,
            "num_active_sessions": process.active,
            "jdbc_url": f"jdbc:databricks://{HOST}:{port}/default;transportMode=http;ssl=0;AuthMech=3;httpPath={path};",
            "odbc_params": {"hostname": HOST, "path": path, "protocol": "http", "port": port},
        }


def _health(process: WarehouseProcess, state: str) -> Document:
    if state != STOPPED or not process.failure:
        return {"status": "HEALTHY"} if state == RUNNING else {}
    reason = {"code": "INTERNAL_ERROR", "type": "SERVICE_FAULT"}
    return {"status": "FAILED", "summary": process.failure, "message": process.failure, "failure_reason": reason}


def _accepted(body: WarehouseBody) -> Document:
    if body.instance_profile_arn:
        raise NotEmulated("`instance_profile_arn` of SQL warehouses (there is no cloud to give rights in)")
    given = body.given()
    given.pop("creator_name", None)
    return given
