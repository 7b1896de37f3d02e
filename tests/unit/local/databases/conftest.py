"""One Postgres for the tests of a worker: it starts in a second, and every test has an instance of its own."""

import contextlib
import itertools
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pg8000.native import Connection

from brickyard_local.databases.columns import columns_of
from brickyard_local.databases.front import Front, Login
from brickyard_local.databases.loading import Load, fill
from brickyard_local.databases.naming import OnlineTable, physical_database
from brickyard_local.databases.postgres import Postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    home = tmp_path_factory.mktemp("postgres")
    server = Postgres(home / "postgres", home / "logs" / "postgres.log")
    yield server
    server.close()


@pytest.fixture
def instance() -> str:
    return f"store-{next(_numbers)}"


@pytest.fixture
def table(instance: str) -> OnlineTable:
    return OnlineTable(instance=instance, database="main", schema="silver", name="airports")


@pytest.fixture
def put(postgres: Postgres) -> Callable[..., int]:
    """Loads columns of Python values, by name, into a table; its first column is the key."""

    def load(table: OnlineTable, columns: dict[str, list[object]]) -> int:
        batch = pa.record_batch(columns)
        postgres.prepare(table)
        load = Load(table=table, columns=columns_of(batch.schema), primary_key=(next(iter(columns)),))
        return fill(postgres.socket, load, [batch])

    return load


@pytest.fixture
def query(postgres: Postgres) -> Callable[..., list[list[object]]]:
    """As the superuser, whoever may read."""

    def run(table: OnlineTable, statement: str) -> list[list[object]]:
        database = physical_database(table.instance, table.database)
        connection = Connection("brickyard", database=database, unix_sock=str(postgres.socket))
        try:
            rows: list[list[object]] = connection.run(statement)
            return rows
        finally:
            connection.close()

    return run


@pytest.fixture
def tables(query: Callable[..., list[list[object]]]) -> Callable[[OnlineTable], list[list[object]]]:
    """The names of all tables in the database of one."""
    own = "schemaname NOT IN ('pg_catalog', 'information_schema')"
    return lambda table: query(table, f"SELECT tablename::text FROM pg_tables WHERE {own} ORDER BY 1")  # noqa: S608


@pytest.fixture
def logins() -> dict[str, Login]:
    """What tokens are good for."""
    return {}


@pytest.fixture
def front(postgres: Postgres, tmp_path: Path, logins: dict[str, Login]) -> Iterator[Front]:
    server = Front(postgres, tmp_path / "tls.pem", lambda _user, token: logins.get(token))
    server.start()
    yield server
    server.close()


@pytest.fixture
def client(front: Front) -> Iterator[Callable[..., Connection]]:
    """Connects as a client of Databricks does: by TLS, with a token as the password."""
    made = []

    def connect(token: str, database: str = "main", **more: object) -> Connection:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        options = {"ssl_context": trusting, "timeout": 60, **more}
        connection = Connection(
            "ann@example.com", host="127.0.0.1", port=front.port, password=token, database=database, **options
        )
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        with contextlib.suppress(Exception):  # a test may have broken it
            connection.close()
