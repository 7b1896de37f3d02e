"""A silver table into the online store, against a workspace that says what Databricks' says and copies when told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound, ResourceConflict
from databricks.sdk.service.database import (
    DeltaTableSyncInfo,
    SyncedDatabaseTable,
    SyncedTablePosition,
    SyncedTableState,
    SyncedTableStatus,
)
from databricks.sdk.service.pipelines import UpdateInfoState

from brickyard_pipelines.errors import NotPublished
from brickyard_pipelines.ml.features.publishing import Publication, publish

WANTED = Publication(
    store="prod-features",
    source="prod.silver.planes",
    version=7,
    key="tail_number",
    table="prod.features.planes_online",
    tells_changes=True,
)
ONLINE = SyncedTableState.SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE


@dataclass
class Lakebase:
    """One synced table: each look at it lets an update under way come one step nearer to its end."""

    source_version: int = 7
    lasts: int = 2
    fails: int = 0
    table: SyncedDatabaseTable | None = None
    left: int = 0
    current: str = ""
    ended: dict[str, UpdateInfoState] = field(default_factory=dict)
    started: list[bool] = field(default_factory=list)
    aims_at: int = 0

    @property
    def workspace(self) -> WorkspaceClient:
        database = SimpleNamespace(get_synced_database_table=self.get, create_synced_database_table=self.create)
        pipelines = SimpleNamespace(start_update=self.start, get_update=self.state)
        return cast("WorkspaceClient", SimpleNamespace(database=database, pipelines=pipelines))

    def get(self, name: str) -> SyncedDatabaseTable:
        assert name == WANTED.table
        if self.table is None:
            raise NotFound("no such table")
        self._pass()
        return self.table

    def create(self, table: SyncedDatabaseTable) -> SyncedDatabaseTable:
        if self.table is not None:
            raise AlreadyExists("it is there")
        assert table.spec is not None
        self.table = replace(table, effective_database_instance_name=table.database_instance_name)
        self.table.data_synchronization_status = SyncedTableStatus(
            detailed_state=SyncedTableState.SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, pipeline_id="p"
        )
        self._begin("first")
        return self.table

    def start(self, pipeline: str, *, full_refresh: bool) -> Any:
        assert pipeline == "p"
        if self.current:
            raise ResourceConflict("an update is active")
        self.started.append(full_refresh)
        return SimpleNamespace(update_id=self._begin(f"u{len(self.started)}"))

    def state(self, pipeline: str, update: str) -> Any:
        assert pipeline == "p"
        return SimpleNamespace(update=SimpleNamespace(state=self.ended.get(update, UpdateInfoState.RUNNING)))

    def _begin(self, update: str) -> str:
        self.current, self.left, self.aims_at = update, self.lasts, self.source_version
        return update

    def _pass(self) -> None:
        assert self.table is not None
        status = self.table.data_synchronization_status
        assert status is not None
        if not self.current:
            return
        self.left -= 1
        if self.left > 0:
            return
        update, self.current = self.current, ""
        if self.fails:
            self.fails -= 1
            self.ended[update] = UpdateInfoState.FAILED
            had = status.last_sync is not None
            state = SyncedTableState.SYNCED_TABLE_ONLINE_PIPELINE_FAILED if had else None
            status.detailed_state = state or SyncedTableState.SYNCED_TABLE_OFFLINE_FAILED
            status.message = "tail_number N1 stands twice"
            return
        self.ended[update] = UpdateInfoState.COMPLETED
        status.detailed_state, status.message = ONLINE, None
        info = DeltaTableSyncInfo(delta_commit_version=self.aims_at)
        status.last_sync = SyncedTablePosition(delta_table_sync_info=info)


def asleep(_seconds: float) -> None:
    """No time passes."""


def test_the_first_publication_makes_the_table_and_waits_for_its_own_first_copy() -> None:
    lakebase = Lakebase()
    assert publish(lakebase.workspace, WANTED, sleep=asleep) == 7
    assert lakebase.started == []
    made = lakebase.table
    assert made is not None
    assert made.spec is not None
    assert (made.name, made.database_instance_name, made.logical_database_name) == (WANTED.table, WANTED.store, "prod")
    assert made.spec.primary_key_columns == ["tail_number"]
    assert made.spec.scheduling_policy is not None
    assert made.spec.scheduling_policy.value == "TRIGGERED"
    assert made.spec.create_database_objects_if_missing


def test_a_source_that_does_not_tell_its_changes_is_copied_as_a_whole() -> None:
    lakebase = Lakebase()
    publish(lakebase.workspace, replace(WANTED, tells_changes=False), sleep=asleep)
    assert lakebase.table is not None
    assert lakebase.table.spec is not None
    assert lakebase.table.spec.scheduling_policy is not None
    assert lakebase.table.spec.scheduling_policy.value == "SNAPSHOT"


def test_what_is_there_is_not_copied_again_and_what_is_newer_is() -> None:
    lakebase = Lakebase()
    publish(lakebase.workspace, WANTED, sleep=asleep)
    assert publish(lakebase.workspace, WANTED, sleep=asleep) == 7
    assert lakebase.started == []
    lakebase.source_version = 9
    assert publish(lakebase.workspace, replace(WANTED, version=9), sleep=asleep) == 9
    assert lakebase.started == [False]


def test_an_update_that_began_before_our_version_is_waited_for_and_followed_by_another() -> None:
    lakebase = Lakebase(lasts=4)
    publish(lakebase.workspace, WANTED, sleep=asleep)
    lakebase.start("p", full_refresh=False)
    lakebase.source_version = 8
    assert publish(lakebase.workspace, replace(WANTED, version=8), sleep=asleep) == 8
    assert lakebase.started == [False, False]


def test_a_table_that_another_run_made_at_the_same_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    lakebase = Lakebase()
    looks: list[Callable[[], Any]] = [lambda: lakebase.create(SyncedDatabaseTable.from_dict(OTHER_RUNS))]

    def get(name: str) -> SyncedDatabaseTable:
        if looks:
            looks.pop()()
            raise NotFound("not yet")
        return Lakebase.get(lakebase, name)

    monkeypatch.setattr(lakebase, "get", get)
    assert publish(lakebase.workspace, WANTED, sleep=asleep) == 7
    assert lakebase.started == []


OTHER_RUNS = {
    "name": WANTED.table,
    "database_instance_name": WANTED.store,
    "logical_database_name": "prod",
    "spec": {"source_table_full_name": WANTED.source, "primary_key_columns": [WANTED.key]},
}


def test_a_sync_that_fails_is_tried_once_more_as_a_whole() -> None:
    lakebase = Lakebase()
    publish(lakebase.workspace, WANTED, sleep=asleep)
    lakebase.source_version, lakebase.fails = 8, 1
    assert publish(lakebase.workspace, replace(WANTED, version=8), sleep=asleep) == 8
    assert lakebase.started == [False, True]


def test_a_sync_that_fails_twice_is_an_error_with_the_reason_and_keeps_what_was_there() -> None:
    lakebase = Lakebase()
    publish(lakebase.workspace, WANTED, sleep=asleep)
    lakebase.source_version, lakebase.fails = 8, 2
    said = (
        "did not take version 8 of prod.silver.planes: SYNCED_TABLE_ONLINE_PIPELINE_FAILED: tail_number N1 stands twice"
    )
    with pytest.raises(NotPublished, match=said):
        publish(lakebase.workspace, replace(WANTED, version=8), sleep=asleep)
    assert lakebase.started == [False, True]


def test_a_first_copy_that_failed_is_tried_again() -> None:
    lakebase = Lakebase(fails=1)
    assert publish(lakebase.workspace, WANTED, sleep=asleep) == 7
    assert lakebase.started == [False]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"store": "others"}, "store prod-features, not others"),
        ({"source": "prod.silver.trains"}, "source prod.silver.planes, not prod.silver.trains"),
        ({"key": "seats"}, "key tail_number, not seats"),
    ],
)
def test_a_synced_table_of_something_else_is_left_alone(other: dict[str, str], said: str) -> None:
    lakebase = Lakebase()
    publish(lakebase.workspace, WANTED, sleep=asleep)
    with pytest.raises(NotPublished, match=rf"is a synced table of {said}\. Delete it \(databricks database"):
        publish(lakebase.workspace, replace(WANTED, **other), sleep=asleep)  # type: ignore[arg-type]


def test_time_that_is_over_is_said_with_what_the_table_holds() -> None:
    lakebase = Lakebase(lasts=10**9)
    waited = threading.Event()

    def sleep(_seconds: float) -> None:
        waited.set()

    with pytest.raises(NotPublished, match=r"holds version None of prod\.silver\.planes after 0 s, and should hold 7"):
        publish(lakebase.workspace, WANTED, within_s=0, sleep=sleep)
    assert not waited.is_set()
