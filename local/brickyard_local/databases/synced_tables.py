"""Synced tables: copies of Delta tables in a database instance, each kept by a pipeline of its own.

Every policy copies the whole source at one version; what requests see changes in one step.
Source: docs.databricks.com/aws/en/oltp/instances/sync-data/sync-table; databricks-sdk's `service/database.py` (fields).
Gaps: CONTINUOUS, `existing_pipeline_id`, `type_overrides`, `accelerated_sync`, catalogs of databases, views as sources,
changing a synced table: 501. Spark and SQL warehouses list and describe a synced table, and cannot read it ("Failed to
find the data source: postgresql_format"): its source has the rows.
Deviation: dropping one drops its rows too, whatever `purge_data` says: nobody can log in here as somebody who might.
"""

import uuid

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.databases.definition import checked_spec
from brickyard_local.databases.instances import TAKEN, InstancesService
from brickyard_local.databases.needs import BudgetPolicies, SyncedSecurables
from brickyard_local.databases.payloads import SyncedTableBody
from brickyard_local.databases.pipelines import PipelinesService
from brickyard_local.databases.records import Records
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from brickyard_local.store import Document

_FIRST_DATABASE, _FIRST_SCHEMA = "databricks_postgres", "public"
_LONGEST_NAME = 63


class SyncedTablesService:
    """Synced tables of all workspaces."""

    def __init__(
        self,
        records: Records,
        instances: InstancesService,
        pipelines: PipelinesService,
        securables: SyncedSecurables,
        budget_policies: BudgetPolicies,
    ) -> None:
        self._records = records
        self._instances = instances
        self._pipelines = pipelines
        self._securables = securables
        self._budget_policies = budget_policies

    def create(self, caller: Caller, body: SyncedTableBody) -> Document:
        """A synced table, whose first copy begins.

        Errors: AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied.
        """
        instance = self._instance(caller, body)
        source = self._securables.source(caller, body.spec.source_table_full_name or "")
        spec = checked_spec(body.spec, source)
        self._check_pipeline(caller, spec)
        with self._securables.change():
            securable = self._securable(caller, body.name, source)
            _, schema, table = securable["full_name"].split(".")
            place = {"database": body.logical_database_name, "schema": schema, "table": table}
            self._check_place(instance, place, create=bool(spec.get("create_database_objects_if_missing")))
            synced = self._records.new(
                {
                    "full_name": securable["full_name"],
                    "table_id": securable["id"],
                    "workspace_id": caller.workspace.workspace_id,
                    "instance_uid": instance["uid"],
                    "instance_name": instance["name"],
                    **place,
                    "creator": caller.principal,
                    "created_at": now_ms(),
                    "pipeline_id": str(uuid.uuid4()),
                    "spec": spec,
                    "last_sync": None,
                    "incarnation": "",
                    "present": False,
                    "restoring": False,
                    "failure": None,
                }
            )
            self._pipelines.made(caller, synced)
        self._pipelines.wake()
        return synced

    def get(self, caller: Caller, full_name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        document = self._securables.read(caller, full_name)
        return self._known(document)

    def listed(self, caller: Caller, instance_name: str) -> list[Document]:
        """Those of an instance that the caller may see, by name. Errors: NotFound."""
        instance = self._instances.get(caller, instance_name)
        found = [each for each in self._records.synced_tables() if each["instance_uid"] == instance["uid"]]
        return sorted((each for each in found if self._sees(caller, each)), key=lambda each: str(each["full_name"]))

    def delete(self, caller: Caller, full_name: str) -> None:
        """Drop it with its pipeline and its rows. Errors: NotFound, PermissionDenied."""
        self._known(self._securables.read(caller, full_name))
        self._securables.drop(caller, full_name)

    def _sees(self, caller: Caller, synced: Document) -> bool:
        try:
            self._securables.read(caller, synced["full_name"])
        except (NotFound, PermissionDenied):
            return False
        return True

    def _known(self, document: Document) -> Document:
        found = self._records.synced(document["full_name"])
        if found is None:
            raise NotFound(f"'{document['full_name']}' is a table, but no synced table.")
        return found

    def _instance(self, caller: Caller, body: SyncedTableBody) -> Document:
        for field in ("database_instance_name", "logical_database_name"):
            if not getattr(body, field):
                raise InvalidParameter(f"A synced table in a standard catalog needs {field}.")
        return self._instances.require_usable(caller, str(body.database_instance_name))

    def _securable(self, caller: Caller, full_name: str, source: Document) -> Document:
        try:
            return self._securables.create(caller, full_name, source.get("columns", []))
        except AlreadyExists as error:  # clients of this API know no TABLE_ALREADY_EXISTS
            raise AlreadyExists(error.message, error_code=TAKEN) from error

    def _check_pipeline(self, caller: Caller, spec: Document) -> None:
        """Where Databricks would keep the pipeline's own files must be open to the caller here too."""
        pipeline = spec.get("new_pipeline_spec") or {}
        if pipeline.get("budget_policy_id"):
            self._budget_policies.require_usable(caller, pipeline["budget_policy_id"])
        catalog, schema = pipeline.get("storage_catalog"), pipeline.get("storage_schema")
        if bool(catalog) != bool(schema):
            raise InvalidParameter("new_pipeline_spec names storage_catalog and storage_schema both, or none of them.")
        if catalog:
            self._securables.require_schema(caller, f"{catalog}.{schema}", "CREATE_TABLE")

    def _check_place(self, instance: Document, place: dict[str, str | None], *, create: bool) -> None:
        """Errors: InvalidParameter for a name or a database that is not there, AlreadyExists."""
        for field, name in place.items():
            size = len(str(name).encode())
            if size > _LONGEST_NAME or "\0" in str(name):
                raise InvalidParameter(
                    f"The {field} '{name}' has {size} bytes: a name in Postgres has at most {_LONGEST_NAME}, no NUL."
                )
        beside = [each for each in self._records.synced_tables() if each["instance_uid"] == instance["uid"]]
        taken = next((each for each in beside if place.items() <= each.items()), None)
        if taken is not None:
            raise AlreadyExists(
                f"'{taken['full_name']}' is synced to {place['schema']}.{place['table']} of database "
                f"'{place['database']}' of '{instance['name']}' already. Choose another logical_database_name.",
                error_code=TAKEN,
            )
        schemas = {(each["database"], each["schema"]) for each in beside} | {(_FIRST_DATABASE, _FIRST_SCHEMA)}
        if not create and (place["database"], place["schema"]) not in schemas:
            raise InvalidParameter(
                f"Database '{place['database']}' of instance '{instance['name']}' has no schema '{place['schema']}'. "
                "Set spec.create_database_objects_if_missing."
            )
