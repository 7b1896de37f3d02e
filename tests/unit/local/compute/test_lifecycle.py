"""The states of clusters over time, kills and tasks: a clock of the test's own, no thread."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.compute import spec
from brickyard_local.compute.clusters import ClustersService
from brickyard_local.compute.libraries import Installer
from brickyard_local.compute.lifecycle import Lifecycle
from brickyard_local.compute.payloads import ResizeCluster, UpdateCluster
from brickyard_local.compute.policies import PoliciesService
from brickyard_local.compute.records import Records
from brickyard_local.compute.service import ComputeService
from brickyard_local.errors import InvalidParameter, InvalidState, LocalWorkspaceError, PermissionDenied
from brickyard_local.store import Document, Store

MINUTE = 60_000
ADMIN = Caller(
    principal="ann@x.org",
    groups=frozenset({"users"}),
    is_admin=True,
    workspace=Workspace(name="local", workspace_id=1, port=1),
)
SPEC: Document = {"spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1}


class Permitted:
    """Everybody may do everything."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def reached(self, *_asked: object) -> None: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


@dataclass
class Clock:
    now: int = 1_000_000_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    """One start of the server over a store."""

    store: Store
    clock: Clock
    unusable: set[str] = field(default_factory=set)
    meanwhile: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        def provide(_caller: Caller, dependency: str) -> None:
            self.meanwhile()
            if dependency in self.unusable:
                message = f"{dependency} is not there"
                raise LocalWorkspaceError(message)

        self.records = Records(self.store)
        self.lifecycle = Lifecycle(self.records, Installer(provide, lambda *_: ADMIN), self.clock)
        policies = PoliciesService(self.records, Permitted(), lambda _caller: frozenset())
        self.clusters = ClustersService(
            self.records, self.lifecycle, policies=policies, permissions=Permitted(), clock=self.clock
        )
        self.service = ComputeService(self.clusters, policies, self.lifecycle)

    def cluster(self, **more: Any) -> str:
        cluster_id = self.clusters.create(ADMIN, {**SPEC, **more})
        self.lifecycle.tend()
        return cluster_id

    def state(self, cluster_id: str) -> str:
        return str(self.records.cluster(1, cluster_id)["state"])

    def events(self, cluster_id: str) -> list[str]:
        return [event["type"] for event in self.records.events(1, cluster_id)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    store = Store(tmp_path / "account.db")
    store.put("workspaces", "local", {"name": "local", "workspace_id": 1, "port": 1})
    return World(store, Clock())


def test_a_cluster_runs_once_its_libraries_were_looked_at(world: World) -> None:
    cluster_id = world.clusters.create(ADMIN, SPEC)
    assert world.state(cluster_id) == "PENDING"

    world.lifecycle.tend()

    assert world.state(cluster_id) == "RUNNING"
    assert world.events(cluster_id) == ["CREATING", "RUNNING"]


def test_an_idle_cluster_terminates_when_its_minutes_are_over_and_not_before(world: World) -> None:
    cluster_id = world.cluster(autotermination_minutes=10)
    world.clock.now += 10 * MINUTE - 1
    assert world.lifecycle.tend() == 1.0
    assert world.state(cluster_id) == "RUNNING"

    world.clock.now += 1
    assert world.lifecycle.tend() is None

    cluster = world.records.cluster(1, cluster_id)
    assert cluster["state"] == "TERMINATED"
    assert cluster["termination_reason"] == {
        "code": "INACTIVITY",
        "type": "SUCCESS",
        "parameters": {"inactivity_duration_min": "10"},
    }
    assert world.events(cluster_id)[-1] == "TERMINATING"


def test_a_cluster_without_autotermination_stays(world: World) -> None:
    cluster_id = world.cluster()
    world.clock.now += 10**6 * MINUTE

    assert world.lifecycle.tend() is None
    assert world.state(cluster_id) == "RUNNING"


def test_a_task_keeps_its_cluster_and_its_end_starts_the_minutes(world: World) -> None:
    cluster_id = world.cluster(autotermination_minutes=10)
    with world.service.attached(1, cluster_id, lambda: None):
        world.clock.now += 60 * MINUTE
        world.lifecycle.tend()
        assert world.state(cluster_id) == "RUNNING"
    world.clock.now += 9 * MINUTE
    world.lifecycle.tend()
    assert world.state(cluster_id) == "RUNNING"
    world.clock.now += MINUTE
    world.lifecycle.tend()
    assert world.state(cluster_id) == "TERMINATED"


def test_minutes_pass_while_the_server_is_down(world: World, tmp_path: Path) -> None:
    cluster_id = world.cluster(autotermination_minutes=10)
    later = World(Store(tmp_path / "account.db"), Clock(world.clock.now + 11 * MINUTE))

    later.lifecycle.tend()

    assert later.state(cluster_id) == "TERMINATED"


@pytest.mark.parametrize(
    ("step", "left", "arrives"),
    [("start", "PENDING", "RUNNING"), ("restart", "RESTARTING", "RUNNING"), ("terminate", "TERMINATING", "TERMINATED")],
)
def test_a_step_that_a_kill_broke_off_is_finished_by_the_next_start(
    world: World, tmp_path: Path, step: str, left: str, arrives: str
) -> None:
    cluster_id = world.cluster()
    if step == "start":
        world.clusters.terminate(ADMIN, cluster_id)
        world.lifecycle.tend()
    getattr(world.clusters, step)(ADMIN, cluster_id)
    assert world.state(cluster_id) == left

    later = World(Store(tmp_path / "account.db"), world.clock)
    later.lifecycle.tend()

    assert later.state(cluster_id) == arrives


def test_a_cluster_that_is_terminated_while_it_starts_does_not_run(world: World) -> None:
    cluster_id = world.clusters.create(ADMIN, SPEC)
    world.clusters.install(ADMIN, cluster_id, [{"whl": "/Volumes/c/s/v/slow.whl"}])
    world.meanwhile = lambda: world.clusters.terminate(ADMIN, cluster_id)

    world.lifecycle.tend()

    assert world.state(cluster_id) == "TERMINATED"
    assert world.events(cluster_id) == ["CREATING", "TERMINATING"]


def test_terminating_and_restarting_stop_the_tasks(world: World) -> None:
    for step in ("terminate", "restart"):
        cluster_id, stopped = world.cluster(), []
        with world.service.attached(1, cluster_id, lambda to=stopped: to.append("stopped")):  # type: ignore[misc]
            getattr(world.clusters, step)(ADMIN, cluster_id)
            world.lifecycle.tend()
        assert stopped == ["stopped"], step


@pytest.mark.parametrize("state", ["TERMINATED", "TERMINATING", "RESTARTING"])
def test_no_task_attaches_to_a_cluster_that_does_not_run(world: World, state: str) -> None:
    cluster_id = world.cluster()
    (world.clusters.restart if state == "RESTARTING" else world.clusters.terminate)(ADMIN, cluster_id)
    if state == "TERMINATED":
        world.lifecycle.tend()
    assert world.state(cluster_id) == state

    with pytest.raises(InvalidState, match=state), world.service.attached(1, cluster_id, lambda: None):
        pass
    with contextlib.suppress(InvalidState):
        world.clusters.delete_permanently(ADMIN, cluster_id)


@pytest.fixture
def attached_then_gone(world: World) -> Iterator[str]:
    cluster_id = world.cluster()
    with world.service.attached(1, cluster_id, lambda: None):
        world.clusters.delete_permanently(ADMIN, cluster_id)
        yield cluster_id


def test_a_task_may_end_after_its_cluster_is_gone(world: World, attached_then_gone: str) -> None:
    assert not world.records.exists(1, attached_then_gone)
    assert world.events(attached_then_gone) == []


def test_attachable_starts_what_is_terminated_and_names_the_libraries_for_tasks(world: World) -> None:
    world.unusable = {"/Volumes/c/s/v/bad.whl"}
    cluster_id = world.cluster(spark_env_vars={"A": "1"})
    good, bad = {"whl": "/Volumes/c/s/v/good.whl"}, {"whl": "/Volumes/c/s/v/bad.whl"}
    world.clusters.install(ADMIN, cluster_id, [good, bad])
    world.clusters.terminate(ADMIN, cluster_id)

    spec = world.service.attachable(ADMIN, cluster_id)

    assert world.state(cluster_id) == "RUNNING"
    assert spec == {**SPEC, "spark_env_vars": {"A": "1"}, "cluster_id": cluster_id, "libraries": [good]}
    libraries = world.records.cluster(1, cluster_id)["libraries"]
    assert [(entry["status"], entry["messages"]) for entry in libraries] == [
        ("INSTALLED", []),
        ("FAILED", ["/Volumes/c/s/v/bad.whl is not there"]),
    ]


def test_a_library_that_failed_is_looked_at_again_at_the_next_start(world: World) -> None:
    world.unusable = {"/Volumes/c/s/v/late.whl"}
    cluster_id = world.cluster()
    world.clusters.install(ADMIN, cluster_id, [{"whl": "/Volumes/c/s/v/late.whl"}])
    world.lifecycle.tend()
    assert world.service.attachable(ADMIN, cluster_id)["libraries"] == []

    world.unusable = set()
    world.clusters.restart(ADMIN, cluster_id)

    assert world.service.attachable(ADMIN, cluster_id)["libraries"] == [{"whl": "/Volumes/c/s/v/late.whl"}]


@pytest.mark.parametrize(
    "library",
    [
        {"jar": "/Volumes/a/b/c/x.jar"},
        {"maven": {"coordinates": "a:b:1"}},
        {"cran": {"package": "x"}},
        {"pypi": {"package": "x", "repo": "https://elsewhere"}},
        {"whl": "dbfs:/x.whl"},
    ],
)
def test_what_tasks_cannot_be_given_fails_and_says_why(world: World, library: Document) -> None:
    cluster_id = world.cluster()
    world.clusters.install(ADMIN, cluster_id, [library])
    world.lifecycle.tend()

    entry = world.records.cluster(1, cluster_id)["libraries"][0]
    assert entry["status"] == "FAILED"
    assert entry["messages"][0]


def test_a_library_names_one_thing(world: World) -> None:
    cluster_id = world.cluster()
    for wrong in ({}, {"whl": "/a.whl", "jar": "/b.jar"}, {"wheel": "/a.whl"}):
        with pytest.raises(InvalidParameter, match="exactly one of"):
            world.clusters.install(ADMIN, cluster_id, [wrong])
    for malformed in ({"pypi": "pandas"}, {"pypi": {}}, {"whl": {"path": "/a.whl"}}, {"jar": ""}, {"pypi": None}):
        with pytest.raises(InvalidParameter, match="got"):
            world.clusters.install(ADMIN, cluster_id, [malformed])


def test_a_cluster_for_notebooks_only_takes_no_jobs(world: World) -> None:
    spec = {**SPEC, "workload_type": {"clients": {"jobs": False, "notebooks": True}}}
    cluster_id = world.cluster(**spec)

    with pytest.raises(InvalidParameter, match=r"clients\.jobs"):
        world.service.attachable(ADMIN, cluster_id)
    with pytest.raises(InvalidParameter, match=r"clients\.jobs"):
        world.service.job_cluster(ADMIN, spec)


def test_a_single_user_cluster_is_for_that_user_even_if_another_may_do_everything(world: World) -> None:
    theirs = world.cluster(data_security_mode="SINGLE_USER", single_user_name="bob@x.org")
    own = world.cluster(data_security_mode="SINGLE_USER")

    with pytest.raises(PermissionDenied, match=r"'bob@x\.org'"):
        world.service.attachable(ADMIN, theirs)
    assert world.service.attachable(ADMIN, own)["cluster_id"] == own


def test_a_library_that_nobody_can_read_fails_and_does_not_keep_the_cluster_from_running(world: World) -> None:
    def odd() -> None:
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "odd METADATA")

    cluster_id = world.clusters.create(ADMIN, SPEC)
    world.clusters.install(ADMIN, cluster_id, [{"whl": "/Volumes/c/s/v/odd.whl"}])
    world.meanwhile = odd
    world.lifecycle.tend()
    assert world.state(cluster_id) == "RUNNING"
    entry = world.records.cluster(1, cluster_id)["libraries"][0]
    assert entry["status"] == "FAILED"
    assert "odd METADATA" in entry["messages"][0]


@pytest.mark.parametrize("first", ["update", "resize"])
def test_of_two_changes_at_once_none_is_lost(world: World, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """The second change is made, and answered, while the rules of the first are checked."""
    cluster_id = world.cluster()
    check, waiting = spec.check, [True]

    def meanwhile(wanted: Document) -> None:
        check(wanted)
        if waiting:
            waiting.clear()
            world.clusters.update(
                ADMIN,
                UpdateCluster(cluster_id=cluster_id, update_mask="cluster_name", cluster={"cluster_name": "second"}),
            )
            world.lifecycle.tend()

    monkeypatch.setattr(spec, "check", meanwhile)
    if first == "resize":
        world.clusters.resize(ADMIN, ResizeCluster(cluster_id=cluster_id, num_workers=7))
    else:
        change = UpdateCluster(cluster_id=cluster_id, update_mask="num_workers", cluster={"num_workers": 7})
        world.clusters.update(ADMIN, change)
    requested = world.records.cluster(1, cluster_id)["requested"]
    assert (requested["cluster_name"], requested["num_workers"]) == ("second", 7)
