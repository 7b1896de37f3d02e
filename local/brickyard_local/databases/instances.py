"""Database instances: Postgres servers by name. One server of this machine stands for all of them.

Capacity, nodes, retention and tags are kept and shown, and change nothing here. A stopped instance lets nobody in.
Source: docs.databricks.com/api/workspace/database; databricks-sdk's `service/database.py` (fields);
docs.databricks.com/aws/en/oltp/instances/manage-privileges (levels; everybody in a workspace may make and see them).
Gaps: child instances (`parent_instance_ref`) and passwords of Postgres' own (`enable_pg_native_login`): 501.
"""

import re
import uuid
from collections.abc import Callable, Collection
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.databases.needs import BudgetPolicies, Permissions
from brickyard_local.databases.payloads import DEFAULTS, InstanceBody
from brickyard_local.databases.records import Records
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotEmulated, NotFound
from brickyard_local.store import Document

OBJECT_TYPE = "database-instances"
TAKEN = "ALREADY_EXISTS"
_NAME = re.compile(r"[A-Za-z0-9-]{1,63}")
_RETENTION_DAYS, _NODES = range(2, 36), range(1, 4)


class InstancesService:
    """Database instances of all workspaces."""

    def __init__(
        self,
        records: Records,
        permissions: Permissions,
        budget_policies: BudgetPolicies,
        *,
        available: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._records = records
        self._permissions = permissions
        self._budget_policies = budget_policies
        self._available = available
        self._changed = changed

    def exists(self, workspace_id: int, name: str) -> bool:
        """Whether there is such an instance; the permissions service asks."""
        return self._records.instance(workspace_id, name) is not None

    def inherited(self, _workspace_id: int, _name: str) -> list[tuple[str, str, str]]:
        """What everybody in a workspace may do with every instance."""
        return [("users", "CAN_CREATE", f"/{OBJECT_TYPE}/")]

    def create(self, caller: Caller, body: InstanceBody) -> Document:
        """An instance that is there at once. Errors: InvalidParameter, AlreadyExists, NotEmulated."""
        if not _NAME.fullmatch(body.name):
            raise InvalidParameter(
                f"name '{body.name}' of a database instance: 1 to 63 letters, digits and hyphens, e.g. 'online-store'."
            )
        if body.parent_instance_ref:
            raise NotEmulated("child instances (`parent_instance_ref` of a database instance)")
        given = {field: value for field, value in body.given().items() if field in DEFAULTS and value is not None}
        settings = {**DEFAULTS, **given}
        self._check(caller, settings)
        self._available()
        workspace_id = caller.workspace.workspace_id
        instance: Document = {
            **settings,
            "name": body.name,
            "uid": str(uuid.uuid4()),
            "workspace_id": workspace_id,
            "creator": caller.principal,
            "created_at": now_ms(),
        }
        with self._records.store.write():
            if self.exists(workspace_id, body.name):
                raise AlreadyExists(f"A database instance is called '{body.name}' already.", error_code=TAKEN)
            self._records.keep_instance(instance)
            self._permissions.own(caller, OBJECT_TYPE, body.name)
        self._changed()
        return instance

    def listed(self, caller: Caller) -> list[Document]:
        """By name: everybody in the workspace sees them."""
        found = self._records.instances(caller.workspace.workspace_id)
        return sorted(found, key=lambda each: str(each["name"]))

    def get(self, caller: Caller, name: str) -> Document:
        """Errors: NotFound."""
        found = self._records.instance(caller.workspace.workspace_id, name)
        if found is None:
            raise NotFound(f"Database instance '{name}' does not exist in workspace '{caller.workspace.name}'.")
        return found

    def require_usable(self, caller: Caller, name: str) -> Document:
        """An instance that the caller may use. Errors: NotFound, PermissionDenied."""
        found = self.get(caller, name)
        self._permissions.require(caller, OBJECT_TYPE, name, "CAN_USE")
        return found

    def find(self, caller: Caller, uid: str) -> Document:
        """Errors: NotFound."""
        for instance in self._records.instances(caller.workspace.workspace_id):
            if instance["uid"] == uid:
                return instance
        raise NotFound(f"No database instance of workspace '{caller.workspace.name}' has the uid '{uid}'.")

    def update(self, caller: Caller, name: str, body: InstanceBody, mask: Collection[str]) -> Document:
        """Change what `mask` names; without one, what the body holds. Errors: as `create`, PermissionDenied."""
        with self._records.store.write():
            known = self._managed(caller, name)
            if body.name != name:
                raise InvalidParameter(f"name is '{body.name}': database instance '{name}' cannot be renamed.")
            settings = {**known, **_changes(body.given(), mask)}
            self._check(caller, settings)
            self._records.keep_instance(settings)
        self._changed()
        return settings

    def delete(self, caller: Caller, name: str, *, purge: bool) -> None:
        """Gone with its rows; its synced tables fail from now on. Errors: NotFound, PermissionDenied."""
        if not purge:
            raise InvalidParameter("purge is false: database instances are deleted for good; leave it out.")
        with self._records.store.write():
            instance = self._managed(caller, name)
            self._records.forget_instance(instance)
            self._permissions.forget(instance["workspace_id"], OBJECT_TYPE, name)
        self._changed()

    def _managed(self, caller: Caller, name: str) -> Document:
        found = self.get(caller, name)
        self._permissions.require(caller, OBJECT_TYPE, name, "CAN_MANAGE")
        return found

    def _check(self, caller: Caller, settings: Document) -> None:
        if settings["enable_pg_native_login"]:
            raise NotEmulated("passwords of Postgres' own (`enable_pg_native_login` of a database instance)")
        _check_range("retention_window_in_days", settings["retention_window_in_days"], _RETENTION_DAYS)
        _check_range("node_count", settings["node_count"], _NODES)
        if settings["enable_readable_secondaries"] and settings["node_count"] == 1:
            raise InvalidParameter("enable_readable_secondaries needs node_count 2 or more: the first is the primary.")
        if settings["usage_policy_id"]:
            self._budget_policies.require_usable(caller, settings["usage_policy_id"])


def _changes(given: Document, mask: Collection[str]) -> dict[str, Any]:
    """A field of the mask that the body leaves out gets its default again."""
    wanted = given.keys() if not mask or "*" in mask else mask
    unknown = sorted(set(mask) - {"*"} - set(InstanceBody.model_fields))
    if unknown:
        raise InvalidParameter(f"update_mask names {', '.join(unknown)}, which are no fields of a database instance.")
    fields = [field for field in DEFAULTS if field in wanted]
    return {field: DEFAULTS[field] if given.get(field) is None else given[field] for field in fields}


def _check_range(field: str, value: int, allowed: range) -> None:
    if value not in allowed:
        raise InvalidParameter(f"{field} is {value}: it is {allowed[0]} to {allowed[-1]}.")
