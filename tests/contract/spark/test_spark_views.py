"""Views read with the rights of their owners, as on Databricks, and open nothing else."""

# ruff: noqa: S608 - the names in these statements are ours

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from pyspark.errors import AnalysisException
from pyspark.sql import Row, SparkSession

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.spark.server import SparkServer

USE = [Privilege.USE_CATALOG, Privilege.USE_SCHEMA]
REFUSED = "INSUFFICIENT_PERMISSIONS"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A principal with a session of Spark."""

    name: str
    token: str
    spark: SparkSession

    def rows(self, query: str) -> list[Row]:
        return self.spark.sql(query).collect()

    def is_refused(self, query: str) -> bool:
        """Whether the query is refused for want of a privilege; any other failure is one of the test."""
        try:
            self.rows(query)
        except AnalysisException as error:
            if REFUSED in str(error):
                return True
            raise
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A catalog with schemas `hidden` (table t, table other) and `shown`; principals that hold nothing yet."""

    catalog: str
    client: WorkspaceClient
    admin: SparkSession
    reader: Principal
    author: Principal

    def grant(self, kind: str, name: str, principal: Principal, *privileges: Privilege) -> None:
        change = PermissionsChange(add=list(privileges), principal=principal.name)
        self.client.grants.update(kind, f"{self.catalog}{name}", changes=[change])

    def revoke(self, kind: str, name: str, principal: Principal, *privileges: Privilege) -> None:
        change = PermissionsChange(remove=list(privileges), principal=principal.name)
        self.client.grants.update(kind, f"{self.catalog}{name}", changes=[change])


@pytest.fixture(scope="module")
def join(own_server: SparkServer) -> Iterator[Callable[[str, str], SparkSession]]:
    sessions: list[SparkSession] = []

    def join(token: str, catalog: str) -> SparkSession:
        environment = own_server.session_environment(token, [catalog])
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            sessions.append(SparkSession.builder.remote(environment["SPARK_REMOTE"]).create())
        return sessions[-1]

    yield join
    for session in sessions:
        session.stop()


@pytest.fixture(scope="module")
def setting(local_workspace: LocalWorkspace, join: Callable[[str, str], SparkSession]) -> Setting:
    client, catalog = local_workspace.client(), f"views_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    for schema in ("hidden", "shown", "mine"):
        client.schemas.create(schema, catalog)

    def principal(name: str) -> Principal:
        made = client.service_principals.create(display_name=f"{name} of {catalog}")
        token = client.token_management.create_obo_token(application_id=str(made.application_id))
        value = str(token.token_value)
        return Principal(name=str(made.application_id), token=value, spark=join(value, catalog))

    admin = join(local_workspace.token, catalog)
    for table in ("t", "other"):
        admin.sql(f"CREATE TABLE {catalog}.hidden.{table} AS SELECT id, id * 10 AS v FROM range(4)")
    found = Setting(catalog=catalog, client=client, admin=admin, reader=principal("reader"), author=principal("author"))
    found.grant("catalog", "", found.reader, Privilege.USE_CATALOG)
    found.grant("schema", ".shown", found.reader, Privilege.USE_SCHEMA)
    found.grant("catalog", "", found.author, *USE)
    found.grant("schema", ".shown", found.author, Privilege.CREATE_TABLE)
    found.grant("schema", ".hidden", found.author, Privilege.SELECT)
    return found


@pytest.fixture
def view(setting: Setting) -> str:
    """A view of the author's that shows two rows of the hidden table, readable by the reader."""
    name = f"v{secrets.token_hex(4)}"
    setting.author.rows(
        f"CREATE VIEW {setting.catalog}.shown.{name} AS SELECT t.id, hidden.t.v FROM hidden.t WHERE id > 1"
    )
    setting.grant("table", f".shown.{name}", setting.reader, Privilege.SELECT)
    return f"{setting.catalog}.shown.{name}"


def test_select_on_the_view_is_all_that_its_reader_needs(setting: Setting, view: str) -> None:
    assert sorted(row.v for row in setting.reader.rows(f"SELECT * FROM {view}")) == [20, 30]
    again = f"SELECT * FROM {view} a JOIN {view} b USING (id) WHERE id IN (SELECT max(id) FROM {view})"
    assert [row.id for row in setting.reader.rows(again)] == [3]
    assert setting.reader.spark.table(view).where("id = 2").count() == 1
    setting.revoke("table", view.removeprefix(setting.catalog), setting.reader, Privilege.SELECT)
    assert setting.reader.is_refused(f"SELECT * FROM {view}")


def test_a_view_opens_its_tables_for_nothing_but_itself(setting: Setting, view: str) -> None:
    hidden = f"{setting.catalog}.hidden.t"
    for query in (
        f"SELECT * FROM {hidden}",
        f"SELECT x.id FROM {view} x JOIN {hidden} y ON x.id = y.id",
        f"SELECT y.id FROM {hidden} y JOIN {view} x ON x.id = y.id",
        f"SELECT id FROM {view} WHERE id IN (SELECT id FROM {hidden})",
        f"SELECT (SELECT max(v) FROM {hidden}) AS m, id FROM {view}",
        f"SELECT id FROM {view} UNION ALL SELECT id FROM {hidden} VERSION AS OF 0",
        f"WITH a AS (SELECT * FROM {view}), b AS (SELECT * FROM {hidden}) SELECT * FROM a, b",
        f"SELECT nothing FROM {view} JOIN {hidden}",
        f"SELECT * FROM {view} CROSS JOIN table_changes('{hidden}', 0)",
        f"DESCRIBE HISTORY {hidden}",
        f"INSERT INTO {hidden} SELECT * FROM {view}",
    ):
        assert setting.reader.is_refused(query), query
        assert len(setting.reader.rows(f"SELECT * FROM {view}")) == 2


def test_what_a_plan_tells_of_a_view_opens_nothing(setting: Setting, view: str) -> None:
    plan = "\n".join(row.plan for row in setting.reader.rows(f"EXPLAIN EXTENDED SELECT * FROM {view}"))
    tokens = {word for word in plan.replace("`", ".").replace(" ", ".").split(".") if word.count("-") == 4}
    assert tokens
    for token in tokens:
        name = f"{setting.catalog}.`{token}`.{setting.catalog}.hidden.t"
        setting.reader.spark.conf.set("spark.brickyard.view", token)
        for query in (f"SELECT * FROM {name}", f"SELECT * FROM {view} JOIN {name} b"):
            with pytest.raises(AnalysisException):
                setting.reader.rows(query)
    setting.reader.spark.conf.unset("spark.brickyard.view")


def test_a_temporary_view_is_no_way_around_and_may_stand_on_a_view(setting: Setting, view: str) -> None:
    reader, hidden = setting.reader, f"{setting.catalog}.hidden.t"
    assert reader.is_refused(f"CREATE TEMPORARY VIEW direct AS SELECT * FROM {hidden}")
    assert reader.is_refused(f"CREATE TEMPORARY VIEW mixed AS SELECT x.id FROM {view} x JOIN {hidden} y ON x.id = y.id")
    reader.rows(f"CREATE OR REPLACE TEMPORARY VIEW fine AS SELECT id FROM {view}")
    assert len(reader.rows("SELECT * FROM fine")) == 2
    reader.spark.table(view).createOrReplaceTempView("kept")
    assert len(reader.rows("SELECT * FROM kept JOIN fine USING (id)")) == 2
    assert reader.is_refused(f"SELECT * FROM kept JOIN {hidden} USING (id)")


def test_a_view_reads_no_more_once_its_owner_may_not(setting: Setting) -> None:
    name = f"{setting.catalog}.shown.lost"
    setting.author.rows(f"CREATE VIEW {name} AS SELECT * FROM hidden.other")
    setting.grant("table", ".shown.lost", setting.reader, Privilege.SELECT)
    assert len(setting.reader.rows(f"SELECT * FROM {name}")) == 4
    setting.revoke("schema", ".hidden", setting.author, Privilege.SELECT)
    try:
        assert setting.reader.is_refused(f"SELECT * FROM {name}")
        setting.grant("table", ".hidden.other", setting.reader, Privilege.SELECT)
        assert setting.reader.is_refused(f"SELECT * FROM {name}"), "the reader's own rights do not count below a view"
    finally:
        setting.grant("schema", ".hidden", setting.author, Privilege.SELECT)
        setting.revoke("table", ".hidden.other", setting.reader, Privilege.SELECT)


def test_of_a_view_over_a_view_each_owner_needs_the_next(setting: Setting, view: str) -> None:

    outer = f"{setting.catalog}.shown.outer_{secrets.token_hex(4)}"
    inner = view.removeprefix(setting.catalog)
    setting.author.rows(f"CREATE VIEW {outer} AS SELECT id FROM {view}")
    third = setting.client.service_principals.create(display_name="third")
    setting.grant("table", outer.removeprefix(setting.catalog), setting.reader, Privilege.SELECT)
    setting.revoke("table", inner, setting.reader, Privilege.SELECT)
    assert sorted(row.id for row in setting.reader.rows(f"SELECT * FROM {outer}")) == [2, 3]
    setting.client.api_client.do(
        "PATCH", f"/api/2.1/unity-catalog/tables/{outer}", body={"owner": str(third.application_id)}
    )
    assert setting.reader.is_refused(f"SELECT * FROM {outer}")
    for kind, name, privileges in (
        ("catalog", setting.catalog, USE),
        ("table", view, [Privilege.SELECT]),
    ):
        change = PermissionsChange(add=privileges, principal=str(third.application_id))
        setting.client.grants.update(kind, name, changes=[change])
    assert sorted(row.id for row in setting.reader.rows(f"SELECT * FROM {outer}")) == [2, 3]
    assert setting.reader.is_refused(f"SELECT * FROM {view}")


def test_a_view_over_time_travel_and_common_table_expressions_is_read(setting: Setting) -> None:
    name = f"{setting.catalog}.shown.travel"
    setting.author.rows(
        f"CREATE VIEW {name} AS WITH old AS (SELECT * FROM hidden.t VERSION AS OF 0) "
        "SELECT o.id FROM old o WHERE EXISTS (SELECT 1 FROM hidden.other x WHERE x.id = o.id)"
    )
    setting.grant("table", ".shown.travel", setting.reader, Privilege.SELECT)
    assert len(setting.reader.rows(f"SELECT * FROM {name}")) == 4


def test_nobody_lends_another_the_rights_of_a_view(
    setting: Setting, view: str, local_workspace: LocalWorkspace
) -> None:
    """The owner alone changes what a view reads, and makes nobody else its owner."""
    author = WorkspaceClient(host=local_workspace.host, token=setting.author.token)
    reader = WorkspaceClient(host=local_workspace.host, token=setting.reader.token)
    path = f"/api/2.1/unity-catalog/tables/{view}"
    with pytest.raises(PermissionDenied, match="owner's rights"):
        author.api_client.do("PATCH", path, body={"owner": setting.reader.name})
    setting.grant("table", view.removeprefix(setting.catalog), setting.reader, Privilege.MANAGE)
    with pytest.raises(PermissionDenied):
        reader.api_client.do("PATCH", path, body={"view_definition": "SELECT * FROM hidden.other"})


@pytest.mark.parametrize(
    ("change", "table", "reason"),
    [
        ({"view_definition": "SELECT * FROM hidden.other"}, "hidden.other", "not the one in force"),
        ({"spark_view": {"catalog": "elsewhere"}}, "hidden.t", "not the one in force"),
        ({}, "hidden.other", "does not name"),
    ],
)
def test_the_workspace_answers_for_the_definition_in_force_alone(
    setting: Setting, view: str, local_workspace: LocalWorkspace, change: dict[str, object], table: str, reason: str
) -> None:
    api = WorkspaceClient(host=local_workspace.host, token=setting.reader.token).api_client
    kept = api.do("GET", f"/api/2.1/unity-catalog/tables/{view}")
    said = {"full_name": view, "view_definition": kept["view_definition"], "spark_view": kept["spark_view"]}
    body = {"views": [said], "table": f"{setting.catalog}.hidden.t"}
    assert api.do("POST", "/api/local/spark/view-access", body=body)["table"]["name"] == "t"
    wrong = {"views": [said | change], "table": f"{setting.catalog}.{table}"}
    with pytest.raises(PermissionDenied, match=reason):
        api.do("POST", "/api/local/spark/view-access", body=wrong)
