"""Rows of an online store as a served model asks for them: of a real Postgres, behind TLS and tokens."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from brickyard_local.databases.columns import columns_of
from brickyard_local.databases.front import Front, Login
from brickyard_local.databases.loading import Load, fill
from brickyard_local.databases.naming import OnlineTable as Place
from brickyard_local.databases.postgres import Postgres
from brickyard_pipelines.ml.features.brickyard_request.online import OnlineStoreFailed, OnlineTable, Store
from brickyard_pipelines.ml.features.brickyard_request.packed import PackedTable

INSTANCE, TABLE, USER = "store", "prod.features.planes_online", "ada@example.com"
PLACE = Place(instance=INSTANCE, database="prod", schema="features", name="planes_online")
COLUMNS = {"tail": "string", "built": "int", "seats": "double"}
SCHEMA = pa.schema([("tail", pa.string()), ("built", pa.int32()), ("seats", pa.float64())])
PLANES = [("N1", 1999, 149.0), ("N2", None, 20.5), ('N"3', 2004, None), ("é", 1, float("inf"))]


@dataclass
class Lakebase:
    """An instance, and the workspace that knows where it is and who may read."""

    postgres: Postgres
    folder: Path
    tokens: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    claimed: list[Any] = field(default_factory=list)
    front: Front | None = None

    def open(self, port: int = 0) -> int:
        self.front = Front(self.postgres, self.folder / "front.pem", self._login)
        return self.front.start(port)

    def load(self, rows: list[Any]) -> None:
        self.postgres.prepare(PLACE)
        batch = pa.RecordBatch.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], SCHEMA)
        fill(self.postgres.socket, Load(table=PLACE, columns=columns_of(SCHEMA), primary_key=("tail",)), [batch])

    def workspace(self) -> Any:
        instance = SimpleNamespace(read_only_dns=None, read_write_dns="127.0.0.1", state=None)
        database = SimpleNamespace(
            get_database_instance=lambda _name: instance, generate_database_credential=self._credential
        )
        me = SimpleNamespace(me=lambda: SimpleNamespace(user_name=USER))
        return SimpleNamespace(database=database, current_user=me)

    def _credential(self, *, claims: list[Any], instance_names: list[str], request_id: str) -> Any:
        assert instance_names == [INSTANCE]
        assert request_id
        self.claimed += [resource.table_name for claim in claims for resource in claim.resources]
        self.tokens.append(f"token-{len(self.tokens)}")
        self.good.add(self.tokens[-1])
        return SimpleNamespace(token=self.tokens[-1])

    def _login(self, user: str, token: str) -> Login | None:
        return Login(instance=INSTANCE, tables=frozenset({PLACE})) if user == USER and token in self.good else None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    found = Postgres(folder / "data", folder / "log")
    yield found
    found.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def lakebase(postgres: Postgres, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lakebase]:
    made = Lakebase(postgres=postgres, folder=certificates)
    monkeypatch.setenv("PGPORT", str(made.open()))
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setattr("databricks.sdk.WorkspaceClient", made.workspace)
    made.load(PLANES)
    yield made
    assert made.front is not None
    made.front.close()


@pytest.fixture
def store(lakebase: Lakebase) -> Iterator[Store]:
    assert lakebase.front is not None
    made = Store(INSTANCE, [TABLE])
    yield made
    made.close()


def planes(store: Store) -> OnlineTable:
    return OnlineTable(store, TABLE, key="tail", columns=COLUMNS)


def test_a_row_for_each_key_in_its_order_and_missing_values_for_those_that_nobody_has(store: Store) -> None:
    found = planes(store).rows(pd.Series(["N2", "no", None, 'N"3', "N2", "é"]))
    assert found.built.fillna(-1).tolist() == [-1, -1, -1, 2004, -1, 1]
    assert found.seats.fillna(-1).tolist() == [20.5, -1, -1, -1, 20.5, float("inf")]
    assert planes(store).rows(pd.Series([None], dtype=object)).isna().all(axis=None)


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_ROWS = st.dictionaries(
    _TEXT,
    st.tuples(
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.floats(allow_nan=False),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(rows=_ROWS, asked=st.lists(_TEXT | st.none(), max_size=5))
@example(
    rows={"nULL": (1, 0.0), "NULL": (2, 1.0), "": (3, 2.0), '"': (4, 3.0), "{}": (5, 4.0), "\\": (6, 5.0)}, asked=[None]
)
def test_online_and_packed_rows_are_the_same(
    postgres: Postgres, certificates: Path, rows: dict[str, Any], asked: list[str | None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        made = Lakebase(postgres=postgres, folder=certificates)
        patch.setenv("PGPORT", str(made.open()))
        patch.setenv("PGSSLMODE", "require")
        patch.setattr("databricks.sdk.WorkspaceClient", made.workspace)
        assert made.front is not None
        store = Store(INSTANCE, [TABLE])
        try:
            made.load([(key, *values) for key, values in rows.items()])
            keys = pd.Series([*rows, *asked], dtype=object)
            frame = pd.DataFrame([(key, *values) for key, values in rows.items()], columns=list(COLUMNS))
            packed = PackedTable.of(frame, key="tail", columns=COLUMNS).rows(keys)
            pd.testing.assert_frame_equal(planes(store).rows(keys), packed, check_names=False)
        finally:
            store.close()
            made.front.close()


def test_one_token_that_claims_the_tables_serves_many_threads_over_few_connections(
    lakebase: Lakebase, store: Store
) -> None:
    found: list[float] = []

    def ask() -> None:
        for _ in range(20):
            found.extend(planes(store).rows(pd.Series(["N1", "N2"])).seats)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(found)) == [20.5, 149.0]
    assert len(found) == 8 * 20 * 2
    assert (lakebase.tokens, lakebase.claimed) == (["token-0"], [TABLE])
    assert lakebase.front is not None
    assert lakebase.front.clients <= 8


def test_newer_rows_are_seen_by_the_next_request(lakebase: Lakebase, store: Store) -> None:
    assert planes(store).rows(pd.Series(["N1"])).seats.tolist() == [149.0]
    lakebase.load([("N1", 1999, 200.0)])
    assert planes(store).rows(pd.Series(["N1"])).seats.tolist() == [200.0]


def test_connections_that_broke_are_made_anew_with_a_token_that_is_good(lakebase: Lakebase, store: Store) -> None:
    planes(store).rows(pd.Series(["N1"]))
    assert lakebase.front is not None
    port = lakebase.front.port
    lakebase.front.close()
    lakebase.open(port)
    assert planes(store).rows(pd.Series(["N2"])).seats.tolist() == [20.5]
    assert lakebase.tokens == ["token-0"]


def test_a_token_that_was_taken_back_fails_a_request_and_is_not_asked_with_again(
    lakebase: Lakebase, store: Store
) -> None:
    planes(store).rows(pd.Series(["N1"]))
    lakebase.good.clear()
    store.close()  # what is connected already stays so
    with pytest.raises(
        OnlineStoreFailed, match=r"the online store store did not answer for prod\.features\.planes_online"
    ):
        planes(store).rows(pd.Series(["N1"]))
    assert planes(store).rows(pd.Series(["N1"])).seats.tolist() == [149.0]
    assert lakebase.tokens == ["token-0", "token-1"]


def test_a_token_is_renewed_before_its_hour_is_over(
    lakebase: Lakebase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes(store).rows(pd.Series(["N1"]))
    later = time.monotonic() + 16 * 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    planes(store).rows(pd.Series(["N1"]))
    assert lakebase.tokens == ["token-0"]  # the connection lives on
    store.close()
    planes(store).rows(pd.Series(["N1"]))
    assert lakebase.tokens == ["token-0", "token-1"]


def test_a_store_that_is_away_is_an_error_with_its_name_and_no_guess(lakebase: Lakebase, store: Store) -> None:
    assert lakebase.front is not None
    lakebase.front.close()
    with pytest.raises(
        OnlineStoreFailed, match=r"the online store store did not answer for prod.features.planes_online"
    ):
        planes(store).rows(pd.Series(["N1"]))
    lakebase.open()


@pytest.mark.parametrize("mode", ["disable", "prefer"])
def test_a_token_is_sent_over_tls_only(store: Store, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("PGSSLMODE", mode)
    with pytest.raises(OnlineStoreFailed, match=f"PGSSLMODE is '{mode}'; it must be verify-full or require"):
        planes(store).rows(pd.Series(["N1"]))


def test_without_a_word_the_certificate_is_verified(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE")
    with pytest.raises(OnlineStoreFailed, match="CERTIFICATE_VERIFY_FAILED"):
        planes(store).rows(pd.Series(["N1"]))


def test_a_forked_process_leaves_its_parents_connections_alone(lakebase: Lakebase, store: Store) -> None:
    table = planes(store)
    lakebase.good.add("token-1")  # what each child is given, in a copy of this workspace
    assert table.rows(pd.Series(["N1"])).seats.tolist() == [149.0]
    fork = multiprocessing.get_context("fork")
    answers: Any = fork.Queue()
    children = [
        fork.Process(target=lambda: answers.put(table.rows(pd.Series(["N2"])).seats.tolist())) for _ in range(3)
    ]
    for child in children:
        child.start()
    assert [answers.get(timeout=30) for _ in children] == [[20.5]] * 3
    for child in children:
        child.join()
    assert table.rows(pd.Series(["N1"])).seats.tolist() == [149.0]
