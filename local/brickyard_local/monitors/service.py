"""Monitors: who may define one on which table, and what it is.

A refresh acts as the principal that last defined the monitor: its expressions are that principal's own.
Source: docs.databricks.com/api/workspace/qualitymonitors (conditions as databricks-sdk states them).
Gaps: no dashboard is made, whatever `skip_builtin_dashboard` says; nothing is written to `assets_dir`.
"""

from collections.abc import Callable

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from brickyard_local.monitors.definition import check
from brickyard_local.monitors.needs import ParseSchedule, Tables
from brickyard_local.monitors.records import WAITING, Records
from brickyard_local.store import Document

_NO_MONITOR = "RESOURCE_DOES_NOT_EXIST"


class MonitorsService:
    """Monitors of the account's tables. Every one belongs to the workspace that it was made in."""

    def __init__(
        self,
        records: Records,
        tables: Tables,
        parse_schedule: ParseSchedule,
        changed: Callable[[], None],
        stop: Callable[[str], None],
    ) -> None:
        self._records = records
        self._tables = tables
        self._parse_schedule = parse_schedule
        self._changed = changed
        self._stop = stop

    def create(self, caller: Caller, table_name: str, definition: Document) -> Document:
        """A monitor, whose first refresh begins.

        Errors: AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied.
        """
        table = self._tables.table(caller, table_name, "MANAGE", "SELECT")
        self._refuse_incomplete(definition)
        if definition.get("latest_monitor_failure_msg"):
            raise InvalidParameter("latest_monitor_failure_msg is the server's: it cannot be set.")
        monitor = {
            "table_id": table["id"],
            "status": WAITING,
            "monitor_version": 0,
            "workspace_id": caller.workspace.workspace_id,
            "created_at": now_ms(),
            "failure": None,
            **self._defined(caller, table, definition),
        }
        with self._records.store.write():
            if self._records.monitor(table["id"]) is not None:
                raise AlreadyExists(f"Table '{table['full_name']}' has a monitor already: change it with PUT.")
            self._records.keep(monitor)
            self._records.begin(monitor, "MANUAL")
        self._changed()
        return self._shown(monitor, table)

    def update(self, caller: Caller, table_name: str, definition: Document) -> Document:
        """Replace the definition; `assets_dir` stays. Errors: as `create`, and NotFound without a monitor."""
        table, known = self.owned(caller, table_name)
        assets_dir = known["definition"]["assets_dir"]
        definition = {**definition, "assets_dir": assets_dir}
        self._refuse_incomplete(definition)
        defined = self._defined(caller, table, definition)
        with self._records.store.write():
            now = self._monitor(table)
            monitor = self._records.keep({**now, **defined, "monitor_version": now["monitor_version"] + 1})
        self._changed()
        return self._shown(monitor, table)

    def get(self, caller: Caller, table_name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        table, monitor = self.readable(caller, table_name)
        return self._shown(monitor, table)

    def delete(self, caller: Caller, table_name: str) -> None:
        """Forget the monitor; its metric tables stay. Errors: NotFound, PermissionDenied."""
        table, _ = self.owned(caller, table_name)
        self._records.forget(table["id"])
        self._stop(table["id"])
        self._changed()

    def owned(self, caller: Caller, table_name: str) -> tuple[Document, Document]:
        """A table and its monitor, for a caller who may change it from here. Errors: NotFound, PermissionDenied."""
        table = self._tables.table(caller, table_name, "MANAGE")
        monitor = self._monitor(table)
        if monitor["workspace_id"] != caller.workspace.workspace_id:
            raise PermissionDenied(
                f"The monitor of '{table['full_name']}' was made in workspace {monitor['workspace_id']}: it is changed "
                f"and refreshed from there, not from {caller.workspace.workspace_id}."
            )
        return table, monitor

    def readable(self, caller: Caller, table_name: str) -> tuple[Document, Document]:
        """A table and its monitor, for a caller who may SELECT or MANAGE it. Errors: NotFound, PermissionDenied."""
        try:
            table = self._tables.table(caller, table_name, "SELECT")
        except PermissionDenied:
            table = self._tables.table(caller, table_name, "MANAGE")
        return table, self._monitor(table)

    def name_of(self, table_id: str) -> str:
        """Errors: NotFound."""
        table = self._tables.table_of_id(table_id)
        if table is None:
            raise NotFound(f"Table with id '{table_id}' does not exist.", error_code="TABLE_DOES_NOT_EXIST")
        return str(table["full_name"])

    def principal_changed(self, old: str, new: str | None) -> None:
        """Called when a principal got another name."""
        self._records.rename_principal(old, new)

    def _monitor(self, table: Document) -> Document:
        monitor = self._records.monitor(table["id"])
        if monitor is None:
            raise NotFound(f"Table '{table['full_name']}' has no monitor.", error_code=_NO_MONITOR)
        return monitor

    def _refuse_incomplete(self, definition: Document) -> None:
        for field in ("output_schema_name", "assets_dir"):
            if not definition.get(field):
                raise InvalidParameter(f"A monitor needs {field}.")
        if not definition["assets_dir"].startswith("/"):
            raise InvalidParameter(f"assets_dir '{definition['assets_dir']}' must be an absolute path.")

    def _defined(self, caller: Caller, table: Document, definition: Document) -> Document:
        schema = self._tables.schema(caller, definition["output_schema_name"], "USE_SCHEMA", "CREATE_TABLE")
        named = definition.get("baseline_table_name")
        baseline = self._tables.table(caller, named, "SELECT") if named else None
        check(definition, table, baseline)
        schedule = definition.get("schedule")
        if schedule:
            self._parse_schedule(schedule["quartz_cron_expression"], schedule["timezone_id"])
            paused = schedule.get("pause_status") == "PAUSED"
            definition = {**definition, "schedule": {**schedule, "pause_status": "PAUSED" if paused else "UNPAUSED"}}
        output = f"{schema['full_name']}.{table['full_name'].rpartition('.')[2]}"
        return {
            "definition": definition,
            "run_as": caller.principal,
            "profile_table": f"{output}_profile_metrics",
            "drift_table": f"{output}_drift_metrics",
        }

    def _shown(self, monitor: Document, table: Document) -> Document:
        return {**monitor, "table_name": table["full_name"]}
