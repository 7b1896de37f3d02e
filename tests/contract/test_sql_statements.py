"""Statements as databricks-sdk runs them: on Spark, over the tables of Unity Catalog, as the calling principal."""

# ruff: noqa: S608 - names in these statements are of the tests themselves

import io
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import (
    Aggregation,
    AlertEvaluationState,
    AlertV2,
    AlertV2Evaluation,
    AlertV2Notification,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    AlertV2Subscription,
    ColumnInfoTypeName,
    ComparisonOperator,
    CronSchedule,
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    Format,
    State,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

from brickyard_local.pytest_plugin import LocalWorkspace

pytestmark = pytest.mark.slow
ENDLESS = "SELECT count(*) FROM range(0, 1000000000000) WHERE id % 7 = 3"
PATIENCE_S = 180.0
ENDED = (StatementState.SUCCEEDED, StatementState.FAILED, StatementState.CANCELED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Warehouse:
    """A warehouse, and statements on it."""

    client: WorkspaceClient
    id: str

    def run(self, statement: str, **options: Any) -> StatementResponse:
        """The answer; without `wait_timeout` that of a statement which ended, however busy the machine is."""
        if "wait_timeout" in options:
            return self.client.statement_execution.execute_statement(statement, self.id, **options)
        options["wait_timeout"] = "50s"
        answer = self.client.statement_execution.execute_statement(statement, self.id, **options)
        self.wait_for(str(answer.statement_id), *ENDED)
        return self.client.statement_execution.get_statement(str(answer.statement_id))

    def rows(self, statement: str, **options: Any) -> list[list[str]]:
        answer = self.run(statement, **options)
        assert answer.status is not None
        assert answer.status.state is StatementState.SUCCEEDED, answer.status.error
        return (answer.result.data_array if answer.result else None) or []

    def refusal(self, statement: str, **options: Any) -> str:
        answer = self.run(statement, **options)
        assert answer.status is not None
        assert answer.status.state is StatementState.FAILED, answer.status
        assert answer.status.error is not None
        return str(answer.status.error.message)

    def state(self, statement_id: str) -> StatementState:
        status = self.client.statement_execution.get_statement(statement_id).status
        assert status is not None
        assert status.state is not None
        return status.state

    def wait_for(self, statement_id: str, *states: StatementState) -> StatementState:
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.state(statement_id)) not in states and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def as_(self, client: WorkspaceClient) -> "Warehouse":
        return Warehouse(client=client, id=self.id)


@pytest.fixture(scope="module")
def warehouse(local_workspace: LocalWorkspace) -> Iterator[Warehouse]:
    client = local_workspace.client()
    made = client.warehouses.create(name=f"w-{secrets.token_hex(4)}", cluster_size="2X-Small")
    assert made.id is not None
    assert client.warehouses.get(made.id).state is State.STARTING
    assert made.result().state is State.RUNNING
    yield Warehouse(client=client, id=made.id)
    client.warehouses.delete(made.id)


@pytest.fixture(scope="module")
def schema(warehouse: Warehouse) -> Iterator[str]:
    catalog = f"sql_{secrets.token_hex(4)}"
    warehouse.rows(f"CREATE CATALOG {catalog} COMMENT 'of a test'")
    warehouse.rows(f"CREATE SCHEMA {catalog}.s")
    warehouse.rows(f"CREATE TABLE {catalog}.s.numbers AS SELECT id, concat('n', id) AS name FROM range(5)")
    yield f"{catalog}.s"
    warehouse.rows(f"DROP CATALOG {catalog} CASCADE")


@pytest.fixture
def robot(new_robot: Callable[[], Any], warehouse: Warehouse) -> Any:
    """A service principal that may use the warehouse, and nothing else."""
    made = new_robot()
    use = AccessControlRequest(service_principal_name=made.application_id, permission_level=PermissionLevel.CAN_USE)
    warehouse.client.permissions.update("sql/warehouses", warehouse.id, access_control_list=[use])
    return made


def test_every_type_is_told_and_written_as_a_string(warehouse: Warehouse) -> None:
    answer = warehouse.run(
        "SELECT DATE'2020-01-02' AS d, TIMESTAMP'2020-01-02 03:04:05' AS t, 1.50BD AS e, 1e10D AS f, X'00ff' AS b, "
        "array(1, 2) AS a, named_struct('x', 1, 'y', 'z') AS s, map('k', true) AS m, NULL AS n, 5L AS l, "
        "float(0.1) AS g, INTERVAL '1' DAY AS i"
    )

    assert answer.result is not None
    assert answer.result.data_array == [
        [
            *("2020-01-02", "2020-01-02T03:04:05.000Z", "1.50", "1.0E10", "AP8=", "[1,2]"),
            *('{"x":1,"y":"z"}', '{"k":true}', None, "5", "0.1", "INTERVAL '1' DAY"),
        ]
    ]
    assert answer.manifest is not None
    assert answer.manifest.schema is not None
    columns = {column.name: column for column in answer.manifest.schema.columns or []}
    assert columns["e"].type_name is ColumnInfoTypeName.DECIMAL
    assert (columns["e"].type_precision, columns["e"].type_scale) == (3, 2)
    assert columns["l"].type_name is ColumnInfoTypeName.LONG
    assert columns["l"].type_text == "BIGINT"
    assert columns["s"].type_text == "STRUCT<x: INT, y: STRING>"
    assert [column.position for column in columns.values()] == list(range(12))


def test_parameters_are_typed_and_one_that_does_not_fit_fails_the_statement(warehouse: Warehouse) -> None:
    def parameter(name: str, value: str | None, kind: str | None = None) -> StatementParameterListItem:
        return StatementParameterListItem(name=name, value=value, type=kind)

    given = [parameter("n", "41", "INT"), parameter("s", "it's; DROP"), parameter("d", None, "DATE")]
    text = "SELECT :n + 1, :s, :d, typeof(:d), v:n FROM (SELECT parse_json('{\"n\": 1}') AS v) LIMIT :n"
    rows = warehouse.rows(text, parameters=given)
    assert rows == [["42", "it's; DROP", None, "date", "1"]]

    assert "CAST_INVALID_INPUT" in warehouse.refusal("SELECT :n", parameters=[parameter("n", "many", "INT")])
    assert "UNBOUND_SQL_PARAMETER" in warehouse.refusal("SELECT :n")


def test_a_failing_statement_is_an_answer_with_its_error(warehouse: Warehouse) -> None:
    answer = warehouse.run("SELECT * FROM no_such_table")

    assert answer.status is not None
    assert answer.status.state is StatementState.FAILED
    assert answer.status.error is not None
    assert "TABLE_OR_VIEW_NOT_FOUND" in str(answer.status.error.message)
    assert answer.status.sql_state == "42P01"
    assert "\n+-" not in str(answer.status.error.message), "Spark's plan is not for the author of a statement"
    assert "DIVIDE_BY_ZERO" in warehouse.refusal("SELECT 1 / 0")


def test_a_row_limit_is_told_as_truncated(warehouse: Warehouse) -> None:
    short = warehouse.run("SELECT * FROM range(10) ORDER BY id", row_limit=3)
    whole = warehouse.run("SELECT * FROM range(3)", row_limit=3)

    assert short.manifest is not None
    assert short.manifest.truncated
    assert short.result is not None
    assert short.result.data_array == [["0"], ["1"], ["2"]]
    assert whole.manifest is not None
    assert not whole.manifest.truncated
    assert whole.manifest.total_row_count == 3


def test_a_large_result_comes_in_chunks_by_links_that_need_no_token(warehouse: Warehouse) -> None:
    text = "SELECT id, repeat('x', 60) AS pad FROM range(150000)"
    answer = warehouse.run(text, disposition=Disposition.EXTERNAL_LINKS, format=Format.ARROW_STREAM)
    assert answer.manifest is not None
    assert answer.result is not None
    assert answer.statement_id is not None
    assert (answer.manifest.total_chunk_count or 0) > 1

    tables: list[pa.Table] = []
    index: int | None = 0
    while index is not None:
        part = warehouse.client.statement_execution.get_statement_result_chunk_n(answer.statement_id, index)
        assert part.external_links is not None
        link = part.external_links[0]
        tables.append(pa.ipc.open_stream(requests.get(str(link.external_link), timeout=30).content).read_all())
        index = link.next_chunk_index

    whole = pa.concat_tables(tables)
    assert sorted(whole["id"].to_pylist()) == list(range(150_000))
    link = str((answer.result.external_links or [])[0].external_link)
    assert requests.get(link.replace("/0?", "/1?"), timeout=30).status_code == 403
    assert requests.get(link.partition("?")[0], timeout=30).status_code == 401


def test_csv_has_a_header_and_says_null(warehouse: Warehouse) -> None:
    text = "SELECT concat('id-', id) AS strCol, id AS intCol, NULL AS nullCol FROM range(2) ORDER BY id"
    answer = warehouse.run(text, disposition=Disposition.EXTERNAL_LINKS, format=Format.CSV)

    assert answer.result is not None
    assert answer.result.external_links
    content = requests.get(str(answer.result.external_links[0].external_link), timeout=30).content
    assert content == b"strCol,intCol,nullCol\r\nid-0,0,null\r\nid-1,1,null\r\n"


def test_a_result_that_is_too_large_to_be_inline_fails_and_says_what_to_do(warehouse: Warehouse) -> None:
    assert "EXTERNAL_LINKS" in warehouse.refusal("SELECT repeat('x', 1000) FROM range(40000)")


def test_one_long_query_blocks_nobody_and_cancel_ends_it(warehouse: Warehouse, robot: Any) -> None:
    long = [warehouse.run(ENDLESS, wait_timeout="0s").statement_id for _ in range(2)]
    assert all(warehouse.wait_for(str(each), StatementState.RUNNING) is StatementState.RUNNING for each in long)

    assert warehouse.as_(robot.client()).rows("SELECT count(*) FROM range(10)") == [["10"]]
    assert [warehouse.state(str(each)) for each in long] == [StatementState.RUNNING] * 2

    for each in long:
        warehouse.client.statement_execution.cancel_execution(str(each))
    assert [warehouse.wait_for(str(each), StatementState.CANCELED) for each in long] == [StatementState.CANCELED] * 2


def test_on_wait_timeout_cancel_ends_the_statement(warehouse: Warehouse) -> None:
    cancel = ExecuteStatementRequestOnWaitTimeout.CANCEL
    answer = warehouse.run(ENDLESS, wait_timeout="5s", on_wait_timeout=cancel)

    assert answer.status is not None
    assert answer.status.state is StatementState.CANCELED


def test_a_grant_in_sql_changes_what_another_principal_reads(warehouse: Warehouse, schema: str, robot: Any) -> None:
    theirs, catalog = warehouse.as_(robot.client()), schema.split(".", maxsplit=1)[0]
    query = f"SELECT count(*) FROM {schema}.numbers"
    assert "numbers" in theirs.refusal(query) or "cannot be found" in theirs.refusal(query)

    for grant in (f"USE CATALOG ON CATALOG {catalog}", f"USE SCHEMA ON SCHEMA {schema}", f"SELECT ON {schema}.numbers"):
        warehouse.rows(f"GRANT {grant} TO `{robot.application_id}`")
    assert theirs.rows(query) == [["5"]]
    shown = warehouse.rows(f"SHOW GRANTS `{robot.application_id}` ON TABLE {schema}.numbers")
    assert [robot.application_id, "SELECT", "TABLE", f"{schema}.numbers"] in shown
    assert [robot.application_id, "USE CATALOG", "CATALOG", catalog] in shown
    assert "INSUFFICIENT_PERMISSIONS" in theirs.refusal(f"INSERT INTO {schema}.numbers VALUES (9, 'x')")
    assert "INSUFFICIENT_PERMISSIONS" in theirs.refusal(f"GRANT SELECT ON {schema}.numbers TO `account users`")
    assert "INSUFFICIENT_PERMISSIONS" in theirs.refusal(f"OPTIMIZE {schema}.numbers")

    warehouse.rows(f"REVOKE SELECT ON {schema}.numbers FROM `{robot.application_id}`")
    assert "INSUFFICIENT_PERMISSIONS" in theirs.refusal(query)


def test_a_statement_is_only_for_who_may_use_the_warehouse_and_its_result_for_who_submitted_it(
    warehouse: Warehouse, robot: Any, new_robot: Callable[[], Any]
) -> None:
    with pytest.raises((PermissionDenied, NotFound)):
        warehouse.as_(new_robot().client()).run("SELECT 1")

    mine = str(warehouse.run("SELECT 'secret'").statement_id)
    theirs = robot.client().statement_execution
    with pytest.raises(PermissionDenied):
        theirs.get_statement(mine)
    with pytest.raises(PermissionDenied):
        theirs.get_statement_result_chunk_n(mine, 0)
    with pytest.raises(PermissionDenied):
        theirs.cancel_execution(mine)


def test_history_and_time_travel_read_what_was(warehouse: Warehouse, schema: str) -> None:
    table = f"{schema}.log"
    warehouse.rows(f"CREATE TABLE {table} AS SELECT 1 AS n")
    warehouse.rows("INSERT INTO log VALUES (2)", catalog=schema.split(".", maxsplit=1)[0], schema=schema.split(".")[1])

    assert warehouse.rows(f"SELECT count(*) FROM {table} VERSION AS OF 0") == [["1"]]
    assert warehouse.rows(f"SELECT count(*) FROM {table}") == [["2"]]
    assert [row[0] for row in warehouse.rows(f"DESCRIBE HISTORY {table}")] == ["1", "0"]
    assert warehouse.client.tables.get(table).table_type is not None


def test_information_schema_shows_what_the_caller_may_see(warehouse: Warehouse, schema: str, robot: Any) -> None:
    catalog, name = schema.split(".")
    query = f"SELECT table_name FROM {catalog}.information_schema.tables WHERE table_schema = '{name}'"
    columns = f"SELECT column_name FROM {catalog}.information_schema.columns WHERE table_name = 'numbers' ORDER BY 1"

    assert ["numbers"] in warehouse.rows(query)
    assert warehouse.rows(columns) == [["id"], ["name"]]
    assert warehouse.as_(robot.client()).rows(query) == []
    assert "table_tags" in warehouse.refusal(f"SELECT * FROM {catalog}.information_schema.table_tags")


def test_comments_tags_owners_and_descriptions_reach_unity_catalog(warehouse: Warehouse, schema: str) -> None:
    client, table = warehouse.client, f"{schema}.numbers"
    warehouse.rows(f"COMMENT ON SCHEMA {schema} IS 'new'")
    warehouse.rows(f"COMMENT ON COLUMN {table}.id IS 'it''s the id'")
    warehouse.rows(f"ALTER TABLE {table} SET TAGS ('team' = 'data')")
    warehouse.rows(f"CREATE VOLUME {schema}.files COMMENT 'for files'")

    assert client.schemas.get(schema).comment == "new"
    assert (client.tables.get(table).columns or [])[0].comment == "it's the id", "as Spark reads it in SELECT 'it''s'"
    tags = client.entity_tag_assignments.list("tables", table)
    assert [(tag.tag_key, tag.tag_value) for tag in tags] == [("team", "data")]
    assert warehouse.rows(f"SHOW VOLUMES IN {schema}") == [["s", "files"]]
    assert ["Comment", "new"] in warehouse.rows(f"DESCRIBE SCHEMA {schema}")


def test_what_reaches_around_unity_catalog_is_refused(warehouse: Warehouse, local_workspace: LocalWorkspace) -> None:
    token = local_workspace.home.token_file
    for statement in (
        f"SELECT * FROM text.`{token}`",
        f"SELECT * FROM IDENTIFIER('text.`{token}`')",
        f"BEGIN CREATE TEMP VIEW v USING text OPTIONS (path '{token}'); SELECT * FROM v; END",
        f"SELECT TRANSFORM(id) USING 'cat {token}' AS (line STRING) FROM range(1)",
        "SELECT reflect('java.lang.System', 'getenv', 'PATH')",
        "SET spark.sql.runSQLOnFiles = true",
        f"BEGIN SET `spark.sql.runSQLOnFiles` = true; SELECT * FROM text.`{token}`; END",
        f"EXECUTE IMMEDIATE 'SELECT * FROM text.`{token}`'",
    ):
        assert local_workspace.token not in warehouse.refusal(statement)


def test_files_of_a_volume_are_read_by_who_may_read_it(warehouse: Warehouse, schema: str, robot: Any) -> None:
    volume = f"{schema}.landing"
    warehouse.rows(f"CREATE VOLUME {volume}")
    folder = f"/Volumes/{volume.replace('.', '/')}"
    warehouse.client.files.upload(f"{folder}/a.csv", io.BytesIO(b"1,one\n2,two\n"))

    assert sorted(warehouse.rows(f"SELECT * FROM csv.`{folder}/a.csv`")) == [["1", "one"], ["2", "two"]]
    assert "INSUFFICIENT_PERMISSIONS" in warehouse.as_(robot.client()).refusal(f"SELECT * FROM csv.`{folder}/a.csv`")


def test_a_statement_starts_a_warehouse_that_is_stopped(warehouse: Warehouse) -> None:
    stopped = warehouse.client.warehouses.stop_and_wait(warehouse.id)
    assert stopped.state is State.STOPPED

    assert warehouse.rows("SELECT 1") == [["1"]]
    assert warehouse.client.warehouses.get(warehouse.id).state is State.RUNNING


def test_a_statement_that_ran_when_the_workspace_was_killed_is_failed(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    made = client.warehouses.create(name="w", cluster_size="2X-Small").result()
    warehouse = Warehouse(client=client, id=str(made.id))
    done = str(warehouse.run("SELECT 'kept'").statement_id)
    lost = str(warehouse.run(ENDLESS, wait_timeout="0s").statement_id)
    warehouse.wait_for(lost, StatementState.RUNNING)

    fresh_local_workspace.kill()
    fresh_local_workspace.start()

    assert warehouse.state(lost) is StatementState.FAILED
    result = client.statement_execution.get_statement(done).result
    assert result is not None
    assert result.data_array == [["kept"]]
    assert client.warehouses.get(warehouse.id).state is State.STOPPED


def test_an_alert_is_evaluated_on_its_schedule(warehouse: Warehouse, schema: str) -> None:
    client, table = warehouse.client, f"{schema}.errors"
    warehouse.rows(f"CREATE TABLE {table} AS SELECT 1 AS n")
    alert = client.alerts_v2.create_alert(
        AlertV2(
            display_name="errors",
            query_text=f"SELECT n FROM {table}",
            warehouse_id=warehouse.id,
            evaluation=AlertV2Evaluation(
                source=AlertV2OperandColumn(name="n", aggregation=Aggregation.SUM),
                comparison_operator=ComparisonOperator.GREATER_THAN,
                threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=5)),
                notification=AlertV2Notification(
                    notify_on_ok=True, subscriptions=[AlertV2Subscription(user_email="on@call.org")]
                ),
            ),
            schedule=CronSchedule(quartz_cron_schedule="* * * * * ?", timezone_id="UTC"),
        )
    )

    def becomes(*states: AlertEvaluationState) -> AlertEvaluationState | None:
        deadline = time.monotonic() + PATIENCE_S
        while (found := client.alerts_v2.get_alert(str(alert.id)).evaluation.state) not in states:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return found

    assert alert.evaluation.state is AlertEvaluationState.UNKNOWN
    assert becomes(AlertEvaluationState.OK) is AlertEvaluationState.OK
    warehouse.rows(f"INSERT INTO {table} VALUES (7)")
    assert becomes(AlertEvaluationState.TRIGGERED) is AlertEvaluationState.TRIGGERED
    sent: Any = client.api_client.do("GET", f"/api/local/alerts/{alert.id}/notifications")
    assert [(each["state"], each["to"], each["delivered"]) for each in sent["notifications"]] == [
        ("TRIGGERED", ["on@call.org"], False)
    ]
    warehouse.rows(f"DROP TABLE {table}")
    assert becomes(AlertEvaluationState.ERROR) is AlertEvaluationState.ERROR
    client.alerts_v2.trash_alert(str(alert.id))
