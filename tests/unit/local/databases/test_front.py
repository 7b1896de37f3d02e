"""What clients of database instances meet: TLS, tokens, and then a server that shows them what the token is for."""

import logging
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from brickyard_local.databases import session, wire
from brickyard_local.databases.binaries import find_programs
from brickyard_local.databases.errors import LoginRefused
from brickyard_local.databases.front import Front, Login
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.databases.postgres import Postgres
from brickyard_local.pytest_plugin import until

Put = Callable[..., int]
Client = Callable[..., Connection]
Query = Callable[..., list[list[object]]]
SSL = struct.pack("!II", 8, wire.SSL_REQUEST)


@pytest.fixture
def two(instance: str, put: Put, logins: dict[str, Login]) -> tuple[OnlineTable, OnlineTable]:
    """Two tables of one schema; `one` is a token for the first, `all` for both."""
    first = OnlineTable(instance=instance, database="main", schema="silver", name="first")
    second = OnlineTable(instance=instance, database="main", schema="silver", name="second")
    put(first, {"id": [1]})
    put(second, {"id": [2]})
    logins["one"] = Login(instance=instance, tables=frozenset({first}))
    logins["all"] = Login(instance=instance)
    return first, second


def _code(refusal: pytest.ExceptionInfo[DatabaseError]) -> str:
    return str(refusal.value.args[0]["C"])


@pytest.mark.usefixtures("two")
def test_a_token_shows_what_it_is_for(client: Client) -> None:
    one, everything = client("one"), client("all")

    assert one.run("SELECT * FROM silver.first") == [[1]]
    with pytest.raises(DatabaseError, match="permission denied for table second"):
        one.run("SELECT * FROM silver.second")
    assert everything.run("SELECT * FROM silver.first, silver.second") == [[1, 2]]


def test_a_table_that_came_back_is_shown_to_who_was_there_before(
    client: Client, two: tuple[OnlineTable, OnlineTable], put: Put
) -> None:
    one, everything = client("one"), client("all")
    assert one.run("SELECT * FROM silver.first WHERE id = :key", key=1) == [[1]]

    put(two[0], {"id": [1, 3]})
    put(OnlineTable(instance=two[0].instance, database="main", schema="gold", name="third"), {"id": [3]})

    assert one.run("SELECT count(*) FROM silver.first") == [[2]]
    assert everything.run("SELECT * FROM gold.third") == [[3]]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE brickyard",
        "SET SESSION AUTHORIZATION brickyard",
        "INSERT INTO silver.first VALUES (9)",
        "DROP TABLE silver.first",
        "CREATE TABLE silver.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "DO $$ BEGIN CREATE TABLE silver.mine (id int); END $$",
        "SELECT lo_create(0)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY silver.first TO PROGRAM 'cat'",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "SELECT pg_reload_conf()",
    ],
)
def test_there_is_no_way_out_of_a_token(client: Client, attempt: str) -> None:
    connection = client("one")

    with pytest.raises(DatabaseError) as refusal:
        connection.run(attempt)

    assert _code(refusal) in {"42501", "3F000"}  # no privilege; no schema that it may create in


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("reset", ["RESET ROLE", "RESET SESSION AUTHORIZATION", "DISCARD ALL", "SET ROLE NONE"])
def test_there_is_nothing_to_reset_to(client: Client, reset: str) -> None:
    connection = client("one")
    connection.run(reset)

    with pytest.raises(DatabaseError, match="permission denied for table second"):
        connection.run("SELECT * FROM silver.second")


def test_two_instances_have_databases_of_one_name(
    client: Client, two: tuple[OnlineTable, OnlineTable], put: Put, logins: dict[str, Login]
) -> None:
    other = OnlineTable(instance=f"{two[0].instance}-b", database="main", schema="silver", name="first")
    put(other, {"id": [77]})
    logins["other"] = Login(instance=other.instance)

    assert client("other").run("SELECT * FROM silver.first") == [[77]]
    assert client("all").run("SELECT * FROM silver.first") == [[1]]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("token", "database", "code", "message"),
    [
        ("wrong", "main", "28P01", 'password authentication failed for user "ann@example.com"'),
        ("", "main", "28P01", "password authentication failed"),
        ("one", "elsewhere", "3D000", 'database "elsewhere" does not exist'),
        ("all", "template1", "3D000", 'database "template1" does not exist'),
        ("all", "../main", "3D000", 'database "../main" does not exist'),
    ],
)
def test_who_may_not_come_in_is_told_why(client: Client, token: str, database: str, code: str, message: str) -> None:
    with pytest.raises(DatabaseError) as refusal:
        client(token, database)

    assert _code(refusal) == code
    assert message in refusal.value.args[0]["M"]


def test_a_token_for_tables_of_another_database_says_so(
    client: Client, two: tuple[OnlineTable, OnlineTable], put: Put
) -> None:
    """By the name that the client used, and not by the one that the server has."""
    put(OnlineTable(instance=two[0].instance, database="dev", schema="s", name="t"), {"id": [1]})

    with pytest.raises(DatabaseError) as refusal:
        client("one", "dev")

    assert refusal.value.args[0]["M"].startswith('permission denied for database "dev"')


@pytest.mark.usefixtures("two")
def test_without_tls_nobody_comes_in(client: Client, front: Front) -> None:
    with pytest.raises(DatabaseError, match="sslmode=require") as refusal:
        client("one", ssl_context=False)
    assert _code(refusal) == "28000"

    psql = [str(find_programs() / "bin" / "psql"), "-c", "SELECT 1"]
    where = f"host=127.0.0.1 port={front.port} user=ann dbname=main password=one sslmode=disable"
    said = subprocess.run([*psql, where], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "FATAL:  connections without TLS are refused" in said.stderr


def test_psql_reads_with_the_role_of_a_token(two: tuple[OnlineTable, OnlineTable], postgres: Postgres) -> None:
    """It was built without TLS: by the socket it shows what any libpq gets, and that other instances are closed."""
    role = postgres.login(two[0].instance, "ann", frozenset({two[0]}))
    psql = [str(find_programs() / "bin" / "psql"), "-h", str(postgres.socket.parent), "-U", role, "-Atc"]

    def ask(database: str, statement: str) -> str:
        done = subprocess.run([*psql, statement, database], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert ask(f"{two[0].instance}/main", "SELECT * FROM silver.first") == "1\n"
    assert "permission denied" in ask(f"{two[0].instance}/main", "SELECT * FROM silver.second")
    postgres.create_database(f"{two[0].instance}-b", "main")
    assert "permission denied for database" in ask(f"{two[0].instance}-b/main", "SELECT 1")


@pytest.mark.usefixtures("two")
def test_a_hundred_clients_at_once(client: Client, front: Front) -> None:
    met: list[object] = []
    together = threading.Barrier(100)

    def read() -> None:
        try:
            connection = client("one")
            together.wait(60)
            met.append(connection.run("SELECT * FROM silver.first"))
            connection.close()
        except Exception as error:  # noqa: BLE001 - whatever a client meets fails the test
            met.append(error)
            together.abort()

    threads = [threading.Thread(target=read) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met == [[[1]]] * 100
    until(lambda: front.clients == 0)


@pytest.mark.usefixtures("two")
def test_many_short_connections_leave_nothing_behind(client: Client, front: Front) -> None:
    def visit(number: int) -> None:
        if number % 3 == 0:
            client("one").close()
        elif number % 3 == 1:
            with pytest.raises(DatabaseError):
                client("wrong")
        else:
            with socket.create_connection(("127.0.0.1", front.port)) as rude:
                rude.sendall(SSL)

    visit(0)
    until(lambda: front.clients == 0)
    before = psutil.Process().num_fds()
    for number in range(150):
        visit(number)

    until(lambda: front.clients == 0)
    until(lambda: psutil.Process().num_fds() <= before)


@pytest.mark.usefixtures("two")
def test_more_clients_than_there_is_room_for_are_told_so(
    client: Client, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brickyard_local.databases.front._MOST_CLIENTS", 2)
    first, second = client("one"), client("one")

    with pytest.raises((DatabaseError, InterfaceError)):
        client("one")
    assert first.run("SELECT 1") == second.run("SELECT 1") == [[1]]

    first.close()
    until(lambda: front.clients == 1)
    assert client("one").run("SELECT 1") == [[1]]


def _tls(front: Front) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", front.port), timeout=30)
    plain.sendall(SSL)
    assert plain.recv(1) == b"S"
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting.wrap_socket(plain)


def _hello(**wanted: str) -> bytes:
    return wire.startup(3 << 16, wanted)


@pytest.mark.usefixtures("two")
def test_who_says_nothing_is_hung_up_on_and_holds_nobody_up(
    client: Client, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOGIN_S", 4.0)
    silent = [socket.create_connection(("127.0.0.1", front.port), timeout=30) for _ in range(20)]
    halfway = _tls(front)
    halfway.sendall(_hello(user="ann", database="main"))

    begin = time.monotonic()
    assert client("one").run("SELECT * FROM silver.first") == [[1]]
    assert time.monotonic() - begin < 3.5

    for one in silent:
        assert one.recv(1) == b""
        one.close()
    until(lambda: front.clients <= 1)
    halfway.close()


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack("!II", 2**31 - 1, 3 << 16),
        struct.pack("!II", 4, 3 << 16),
        struct.pack("!II", 10_001, 3 << 16),
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_who_speaks_something_else_is_hung_up_on_at_once(
    front: Front, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LOGIN_S", 600.0)
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as stranger:
        stranger.sendall(sent)
        said = b""
        try:
            while more := stranger.recv(100):
                said += more
        except ConnectionResetError:
            pass  # it hung up with something unread

    assert said == b""
    until(lambda: front.clients == 0)


def test_what_was_sent_before_tls_does_not_pass_as_encrypted(front: Front) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as stranger:
        stranger.sendall(SSL + _hello(user="ann", database="main"))

        assert stranger.recv(1) == b""


def test_a_password_without_end_is_not_waited_for(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOGIN_S", 600.0)
    with _tls(front) as connection:
        connection.sendall(_hello(user="ann", database="main"))
        assert connection.recv(9) == wire.ASK_FOR_PASSWORD
        connection.sendall(b"p" + struct.pack("!I", 10**9) + b"x" * 1000)

        assert connection.recv(100) == b""


def test_encryption_by_kerberos_is_declined(front: Front) -> None:
    """Libpq asks for it first where it was built with it, and goes on with TLS."""
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as plain:
        plain.sendall(struct.pack("!II", 8, wire.GSS_REQUEST))
        assert plain.recv(1) == b"N"
        plain.sendall(SSL)
        assert plain.recv(1) == b"S"


@pytest.mark.usefixtures("two")
def test_a_query_is_cancelled(client: Client, front: Front) -> None:
    connection = client("one")
    pid, secret = struct.unpack("!II", connection._backend_key_data)
    failed: list[DatabaseError] = []

    def sleep() -> None:
        try:
            connection.run("SELECT pg_sleep(60)")
        except DatabaseError as error:
            failed.append(error)

    sleeping = threading.Thread(target=sleep)
    sleeping.start()
    while not failed:
        with socket.create_connection(("127.0.0.1", front.port), timeout=30) as other:
            other.sendall(wire.packet(struct.pack("!III", wire.CANCEL_REQUEST, pid, secret)))
            assert other.recv(1) == b""
        sleeping.join(0.1)
    sleeping.join()

    assert failed[0].args[0]["C"] == "57014"
    assert connection.run("SELECT 1") == [[1]]


@pytest.mark.usefixtures("two")
def test_who_does_not_read_an_answer_holds_up_nobody_and_fills_no_memory(client: Client, front: Front) -> None:
    slow = _tls(front)
    slow.sendall(_hello(user="ann", database="main"))
    slow.recv(9)
    slow.sendall(b"p" + wire.packet(b"one\0"))
    slow.recv(9)
    before = psutil.Process().memory_info().rss
    slow.sendall(b"Q" + wire.packet(b"SELECT repeat('x', 1000) FROM generate_series(1, 500000)\0"))

    assert client("one").run("SELECT * FROM silver.first") == [[1]]
    time.sleep(1)
    assert psutil.Process().memory_info().rss - before < 50_000_000

    slow.close()
    until(lambda: front.clients <= 1)


@pytest.mark.usefixtures("two")
def test_a_large_answer_comes_whole(client: Client) -> None:
    rows = client("one").run("SELECT n, repeat('x', 1000) FROM generate_series(1, 20000) AS n")

    assert [number for number, _ in rows] == list(range(1, 20001))
    assert {len(str(text)) for _, text in rows} == {1000}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (LoginRefused("The instance is stopped: start it.", sqlstate="57P03"), "57P03", "The instance is stopped"),
        (RuntimeError("token s3cr3t-token is odd"), "XX000", "internal error"),
    ],
)
def test_what_goes_wrong_in_a_login_is_answered_and_no_log_has_the_token(
    postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception, code: str, message: str
) -> None:
    def refuse(_user: str, _token: str) -> Login | None:
        raise error

    caplog.set_level(logging.DEBUG)
    front = Front(postgres, tmp_path / "tls.pem", refuse)
    front.start()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        with pytest.raises(DatabaseError) as refusal:
            Connection("ann", host="127.0.0.1", port=front.port, password="s3cr3t-token", ssl_context=trusting)
    finally:
        front.close()

    assert _code(refusal) == code
    assert message in refusal.value.args[0]["M"]
    assert "s3cr3t" not in caplog.text
    assert "s3cr3t" not in repr(session.Claim(user="ann", database="main", token="s3cr3t-token"))


def test_the_certificate_is_made_once_and_its_key_is_private(postgres: Postgres, tmp_path: Path) -> None:
    file = tmp_path / "tls" / "tls.pem"

    def shown() -> str:
        front = Front(postgres, file, lambda _user, _token: None)
        front.start()
        try:
            with _tls(front) as connection:
                return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
        finally:
            front.close()

    first = shown()

    assert shown() == first
    assert file.stat().st_mode & 0o777 == 0o600

    file.write_text("broken")
    assert shown() != first


@pytest.mark.usefixtures("two")
def test_when_the_front_closes_its_clients_are_disconnected(postgres: Postgres, tmp_path: Path, instance: str) -> None:
    front = Front(postgres, tmp_path / "tls.pem", lambda _user, _token: Login(instance=instance))
    front.start()
    with _tls(front) as connection:
        connection.sendall(_hello(user="ann", database="main"))
        connection.recv(9)
        connection.sendall(b"p" + wire.packet(b"x\0"))
        assert connection.recv(1) == b"R"
        front.close()
        try:
            while connection.recv(1000):
                pass
        except OSError:
            pass  # a TLS connection that is cut off

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", front.port), timeout=5)


def test_every_instance_has_the_default_database(client: Client, logins: dict[str, Login], instance: str) -> None:
    logins["all"] = Login(instance=instance)

    assert client("all", "databricks_postgres").run("SELECT 1") == [[1]]
