"""When a warehouse stops by itself, and what its process says of its state."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.account import Home, Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import NotFound, TemporarilyUnavailable
from brickyard_local.sql.warehouses.payloads import WarehouseBody
from brickyard_local.sql.warehouses.process import RUNNING, STOPPED, WarehouseProcess
from brickyard_local.sql.warehouses.service import WarehousesService
from brickyard_local.store import Store

ANN = Caller(
    principal="ann@x.org",
    groups=frozenset(),
    is_admin=True,
    workspace=Workspace(name="local", workspace_id=1, port=1),
)


class FakeProcess:
    """Runs, idle for so long."""

    def __init__(self, idle_s: float) -> None:
        self.state = RUNNING
        self.failure = ""
        self.active = 0
        self._idle_s = idle_s

    def idle_s(self) -> float:
        return self._idle_s

    def stop(self) -> None:
        self.state = STOPPED

    def start(self, probe: Any) -> None:
        del probe


class Open:
    """Permissions that let everybody do everything, and access that is never asked for."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments, **_named: True


@pytest.fixture
def service(tmp_path: Path) -> WarehousesService:
    home = Home(root=tmp_path, cache=tmp_path)
    anything: Any = Open()
    return WarehousesService(Store(home.database), home, anything, anything, lambda _caller: frozenset())


@pytest.mark.parametrize(
    ("minutes", "idle_s", "state"),
    [(10, 601.0, STOPPED), (10, 599.0, RUNNING), (0, 1e9, RUNNING), (20, 601.0, RUNNING)],
)
def test_a_warehouse_stops_when_it_was_idle_for_long_enough(
    service: WarehousesService, monkeypatch: pytest.MonkeyPatch, minutes: int, idle_s: float, state: str
) -> None:
    fake: Any = FakeProcess(idle_s)
    monkeypatch.setattr("brickyard_local.sql.warehouses.service.WarehouseProcess", lambda _log: fake)
    service.create(ANN, WarehouseBody(name="w", cluster_size="Small", auto_stop_mins=minutes))

    service.stop_idle()

    assert fake.state == state


def test_a_warehouse_that_cannot_reach_spark_is_stopped_and_says_why(tmp_path: Path) -> None:
    process = WarehouseProcess(tmp_path / "log")

    @contextlib.contextmanager
    def no_spark() -> Iterator[dict[str, str]]:
        raise TemporarilyUnavailable("Spark is not available: no Java")
        yield {}

    process.start(no_spark)
    with pytest.raises(TemporarilyUnavailable, match="no Java"):
        process.wait_until_running(given_up=lambda: False)

    assert (process.state, process.failure) == (STOPPED, "Spark is not available: no Java")


def test_a_warehouse_whose_process_dies_is_stopped(tmp_path: Path) -> None:
    process = WarehouseProcess(tmp_path / "log")
    process.ask = lambda *_arguments, **_named: {"took_s": 0.0}  # type: ignore[method-assign]
    process.start(lambda: contextlib.nullcontext({}))
    assert process.wait_until_running(given_up=lambda: False)

    child = process._child
    assert child is not None
    child.process.kill()
    child.process.wait()

    assert process.state == STOPPED
    assert "ended with status -9" in process.failure


def test_who_gives_up_waits_no_longer_and_stopping_ends_a_start(tmp_path: Path) -> None:
    process = WarehouseProcess(tmp_path / "log")

    @contextlib.contextmanager
    def slow() -> Iterator[dict[str, str]]:
        time.sleep(0.5)
        yield {}

    process.ask = lambda *_arguments, **_named: {"took_s": 0.0}  # type: ignore[method-assign]
    process.start(slow)
    assert not process.wait_until_running(given_up=lambda: True)
    process.stop()
    with pytest.raises(TemporarilyUnavailable, match="It was stopped"):
        process.wait_until_running(given_up=lambda: False)


def test_a_warehouse_that_is_gone_has_no_process(service: WarehousesService) -> None:
    with pytest.raises(NotFound):
        service.process(1, "nowhere")
