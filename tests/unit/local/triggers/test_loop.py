"""The trigger loop on a clock of its own: nothing here waits."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import PermissionDenied
from brickyard_local.store import Document, Store
from brickyard_local.triggers.compose import compose_triggers
from brickyard_local.triggers.loop import TriggerLoop

WORKSPACE = 7
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
EVERY_MINUTE = {"schedule": {"quartz_cron_expression": "0 * * * * ?", "timezone_id": "UTC"}}


class Killed(BaseException):
    """Stands for `kill -9`: no handler of ours may swallow it."""


class FakeJobs:
    """Jobs in memory. Tokens are honoured as the engine does: one run per token."""

    def __init__(self) -> None:
        self.jobs: dict[int, Document] = {}
        self.started: list[tuple[int, str]] = []
        self.tokens: dict[str, int | None] = {}
        self.ended: dict[int, str] = {}
        self.dies: str | None = None
        self.busy = False

    def triggered_jobs(self, workspace_id: int) -> Iterable[Document]:  # noqa: ARG002
        return list(self.jobs.values())

    def job(self, workspace_id: int, job_id: int) -> Document | None:  # noqa: ARG002
        return self.jobs.get(job_id)

    def run(self, workspace_id: int, run_id: int) -> Document | None:  # noqa: ARG002
        return {"result_state": self.ended.get(run_id)}

    def start_triggered(self, workspace_id: int, job_id: int, trigger: str, *, idempotency_token: str) -> int | None:  # noqa: ARG002
        if self.dies == "before":
            raise Killed
        if idempotency_token not in self.tokens:
            self.started.append((job_id, trigger))
            self.tokens[idempotency_token] = None if self.busy else len(self.started)
        if self.dies == "after":
            raise Killed
        return self.tokens[idempotency_token]


class World:
    """A store that survives, jobs, folders, and a loop that may be killed and started again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = NOON
        self.store = Store(root / "account.db")
        self.jobs = FakeJobs()
        self.unreadable = False
        self.unnameable = False
        self.meanwhile: Callable[[], None] | None = None
        self.loop = self.restarted()

    def restarted(self) -> TriggerLoop:
        self.loop = compose_triggers(
            self.store,
            self.jobs,
            caller_of=_caller,
            watched_folder=self.folder,
            table_folder=self.folder,
            clock=lambda: self.now,
        )
        self.loop.take_up([WORKSPACE])
        return self.loop

    def folder(self, caller: Caller, path: str) -> Path:
        assert caller.principal == "robot"
        if self.unreadable:
            raise PermissionDenied(path)
        if self.unnameable:
            raise ValueError("embedded null byte")
        if self.meanwhile is not None:
            self.meanwhile()
        return self.root / path.strip("/").replace("/", "_")

    def job(self, job_id: int, block: dict[str, Any] | None) -> None:
        if block is None:
            self.jobs.jobs.pop(job_id)
        else:
            self.jobs.jobs[job_id] = {"job_id": job_id, "run_as": "robot", "settings": block}
        self.loop.job_changed(WORKSPACE, job_id)

    def after(self, seconds: float) -> int:
        """How many runs have been started in all, `seconds` later, asked whenever the loop wants to be."""
        until = self.now + seconds
        while True:
            self.loop.tick()
            wake = self.loop.next_wake()
            if wake is None or wake > until:
                break
            self.now = max(wake, self.now)
        self.now = until
        self.loop.tick()
        return len(self.jobs.started)

    def kill_at(self, when: str, seconds: float) -> None:
        self.jobs.dies = when
        with pytest.raises(Killed):
            self.after(seconds)
        self.jobs.dies = None


def _caller(workspace_id: int, principal: str) -> Caller:
    workspace = Workspace(name="w", workspace_id=workspace_id, port=1)
    return Caller(principal=principal, groups=frozenset(), is_admin=False, workspace=workspace)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_without_triggers_the_loop_never_wakes(world: World) -> None:
    world.job(1, {})
    assert world.loop.next_wake() is None


def test_a_cron_schedule_fires_when_due_and_not_at_once(world: World) -> None:
    world.job(1, EVERY_MINUTE)
    assert world.after(59) == 0
    assert world.after(1) == 1
    assert world.after(600) == 11
    assert set(world.jobs.started) == {(1, "PERIODIC")}


def test_runs_of_a_schedule_are_at_least_ten_seconds_apart(world: World) -> None:
    world.job(1, {"schedule": {"quartz_cron_expression": "* * * * * ?", "timezone_id": "UTC"}})
    assert world.after(1) == 1
    assert world.after(9) == 1
    assert world.after(1) == 2
    assert world.after(60) == 8


def test_fire_times_that_were_slept_through_are_skipped_but_for_a_recent_one(world: World) -> None:
    world.job(1, {"schedule": {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}})
    world.after(1)
    world.now += 3600 + 60  # a minute late
    assert world.after(0) == 1
    world.now += 7200
    assert world.after(0) == 1, "half an hour late and more: skipped"
    assert world.after(3600) == 2


def test_a_period_keeps_its_pace(world: World) -> None:
    world.job(1, {"trigger": {"periodic": {"interval": 1, "unit": "HOURS"}}})
    assert world.after(3599) == 0
    assert world.after(1) == 1
    assert world.after(7200) == 3


def test_a_paused_deleted_or_replaced_trigger_no_longer_fires(world: World) -> None:
    world.job(1, EVERY_MINUTE)
    world.job(2, EVERY_MINUTE)
    world.job(3, EVERY_MINUTE)
    assert world.after(60) == 3
    world.job(1, {"schedule": EVERY_MINUTE["schedule"] | {"pause_status": "PAUSED"}})
    world.job(2, None)
    world.job(3, {"trigger": {"periodic": {"interval": 1, "unit": "DAYS"}}})
    assert world.after(600) == 3
    world.job(1, EVERY_MINUTE)
    assert world.after(60) == 4, "after a pause its tokens are new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_while_a_run_starts_neither_doubles_nor_loses_it(world: World, when: str) -> None:
    world.job(1, EVERY_MINUTE)
    world.kill_at(when, 60)
    world.restarted()
    world.now += 5
    assert world.after(0) == 1
    assert world.after(55) == 2


def test_a_kill_before_a_due_time_loses_nothing_when_the_workspace_is_soon_back(world: World) -> None:
    world.job(1, EVERY_MINUTE)
    world.now += 70
    world.restarted()
    assert world.after(0) == 1


def arrive(world: World, *names: str) -> None:
    for name in names:
        target = world.folder(_caller(WORKSPACE, "robot"), "/Volumes/c/s/v") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(name)


def arrival(**more: int) -> dict[str, Any]:
    return {"trigger": {"file_arrival": {"url": "/Volumes/c/s/v", **more}}}


def test_a_new_file_in_any_subfolder_fires_once_and_an_overwritten_one_does_not(world: World) -> None:
    arrive(world, "old.csv")
    world.job(1, arrival())
    assert world.after(60) == 0
    arrive(world, "old.csv", "deep/down/new.csv", ".hidden")
    assert world.after(60) == 1
    arrive(world, "deep/down/new.csv")
    assert world.after(60) == 1
    assert world.jobs.started == [(1, "FILE_ARRIVAL")]


def test_files_wait_for_quiet_and_for_the_time_between_triggers(world: World) -> None:
    world.job(1, arrival(wait_after_last_change_seconds=60, min_time_between_triggers_seconds=600))
    arrive(world, "a")
    assert world.after(50) == 0
    arrive(world, "b")
    assert world.after(50) == 0, "b came less than a minute ago"
    assert world.after(20) == 1
    arrive(world, "c")
    assert world.after(500) == 1, "less than ten minutes since the last run"
    assert world.after(110) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_files_that_arrive_around_a_kill_are_each_seen_by_a_run(world: World, when: str) -> None:
    world.job(1, arrival())
    arrive(world, "a")
    world.kill_at(when, 10)
    arrive(world, "b")
    world.restarted()
    assert world.after(10) == 2, "one run for a, one for b"
    world.restarted()
    assert world.after(10) == 2


def test_a_folder_that_cannot_be_read_fires_nothing_and_hurts_no_other_job(world: World) -> None:
    world.job(1, {"trigger": {"file_arrival": {"url": "/Volumes/c/s/missing"}}})
    world.job(2, EVERY_MINUTE)
    assert world.after(60) == 1


def commit(world: World, table: str, version: int) -> None:
    log = world.folder(_caller(WORKSPACE, "robot"), table) / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020}.json").write_text("{}")


def test_a_new_version_of_any_or_of_all_tables_fires(world: World) -> None:
    for table in ("c.s.a", "c.s.b"):
        commit(world, table, 0)
    tables = {"table_names": ["c.s.a", "c.s.b"]}
    world.job(1, {"trigger": {"table_update": tables}})
    world.job(2, {"trigger": {"table_update": tables | {"condition": "ALL_UPDATED"}}})
    assert world.after(60) == 0
    commit(world, "c.s.a", 1)
    assert world.after(10) == 1
    commit(world, "c.s.b", 1)
    assert world.after(10) == 3
    assert world.jobs.started == [(1, "TABLE"), (1, "TABLE"), (2, "TABLE")]


def test_a_table_that_is_created_later_counts_as_updated(world: World) -> None:
    world.job(1, {"trigger": {"table_update": {"table_names": ["c.s.later"]}}})
    assert world.after(10) == 0
    commit(world, "c.s.later", 0)
    assert world.after(10) == 1


def test_a_continuous_job_runs_again_when_a_run_has_ended_and_slower_while_it_fails(world: World) -> None:
    world.job(1, {"continuous": {"pause_status": "UNPAUSED"}})
    assert world.after(30) == 1, "one active run"
    world.jobs.ended[1] = "SUCCESS"
    assert world.after(2) == 2
    world.restarted()
    assert world.after(30) == 2, "the run is still the last one's after a restart"
    for failed in (2, 3):
        world.jobs.ended[failed] = "FAILED"
        world.after(1)
        started = world.after(10 * 2 ** (failed - 2) - 2)
        assert started == failed
        assert world.after(3) == failed + 1
    assert {trigger for _, trigger in world.jobs.started} == {"CONTINUOUS"}


def test_a_skipped_continuous_run_is_tried_again_later(world: World) -> None:
    world.jobs.busy = True
    world.job(1, {"continuous": {"pause_status": "UNPAUSED"}})
    assert world.after(9) == 1
    world.jobs.busy = False
    assert world.after(2) == 2


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.sampled_from(["arrive", "kill before", "kill after", "wait"]), max_size=12))
def test_whatever_is_killed_every_file_is_followed_by_exactly_one_run(
    tmp_path_factory: pytest.TempPathFactory, moves: list[str]
) -> None:
    """A file is covered by one run: runs are never more than arrivals, and the last arrival has one after it."""
    world = World(tmp_path_factory.mktemp("world"))
    world.job(1, arrival())
    arrived, uncovered = 0, False

    def fired() -> int:
        return len(world.jobs.started)

    for move in moves:
        if move == "arrive":
            arrive(world, f"file-{arrived}")
            arrived, uncovered = arrived + 1, True
        elif move == "wait":
            before = fired()
            world.after(5)
            assert fired() - before == int(uncovered)
            uncovered = False
        elif uncovered:
            before = fired()
            world.kill_at(move.removeprefix("kill "), 5)
            world.restarted()
            world.after(0)
            assert fired() - before == 1
            uncovered = False
    assert fired() <= arrived


def test_a_table_that_cannot_be_read_for_a_while_was_not_updated(world: World) -> None:
    commit(world, "c.s.a", 5)
    commit(world, "c.s.b", 0)
    world.job(1, {"trigger": {"table_update": {"table_names": ["c.s.a", "c.s.b"]}}})
    folder = world.folder(_caller(WORKSPACE, "robot"), "c.s.a")
    folder.rename(folder.with_name("away"))
    assert world.after(10) == 0
    commit(world, "c.s.b", 1)
    assert world.after(10) == 1
    folder.with_name("away").rename(folder)
    assert world.after(10) == 1
    commit(world, "c.s.a", 6)
    assert world.after(10) == 2


def test_files_of_a_folder_that_could_not_be_read_at_first_are_not_new(world: World) -> None:
    arrive(world, "old.csv")
    world.unreadable = True
    world.job(1, arrival())
    assert world.after(10) == 0
    world.unreadable = False
    assert world.after(10) == 0
    arrive(world, "new.csv")
    assert world.after(10) == 1


def test_a_job_that_is_changed_while_its_trigger_looks_fires_by_what_it_says_now(world: World) -> None:
    """The token of the old trigger's fire must not be the one of the new trigger's first."""
    world.job(1, arrival())
    arrive(world, "a")

    def change() -> None:
        world.meanwhile = None
        world.job(1, EVERY_MINUTE)

    world.meanwhile = change
    assert world.after(50) == 0
    assert world.after(20) == 1
    assert world.jobs.started == [(1, "PERIODIC")]


def test_of_two_changes_at_once_the_later_one_counts(world: World) -> None:
    """The first change is still looking at its folder when the second one is made and taken up."""

    def change() -> None:
        world.meanwhile = None
        world.job(1, EVERY_MINUTE)

    world.meanwhile = change
    world.job(1, arrival())
    arrive(world, "a")
    assert world.after(60) == 1
    assert world.jobs.started == [(1, "PERIODIC")]


def test_a_job_that_is_deleted_while_it_is_changed_leaves_nothing(world: World) -> None:
    def delete() -> None:
        world.meanwhile = None
        world.job(1, None)

    world.meanwhile = delete
    world.job(1, arrival())
    assert world.loop.next_wake() is None
    assert world.store.all("triggers", scope=WORKSPACE) == []


def test_a_trigger_that_cannot_be_understood_keeps_no_other_from_starting(world: World) -> None:
    """Stored by an earlier version, or by one with other rules: the workspace must still start."""
    world.job(1, EVERY_MINUTE)
    odd: dict[str, Any] = {"trigger": {"periodic": {"interval": 10**400, "unit": "WEEKS"}}}
    world.jobs.jobs = {2: {"job_id": 2, "run_as": "robot", "settings": odd}} | world.jobs.jobs
    world.restarted()
    assert world.after(60) == 1
    world.job(2, odd)
    assert world.after(60) == 2


def test_a_folder_that_no_path_can_name_is_one_that_cannot_be_read(world: World) -> None:
    world.unnameable = True
    world.job(1, arrival())
    assert world.after(10) == 0
