"""A statement from its begin to its end: what is said of it, what is left of it, and that a cancel is not lost."""

import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.account import Home, Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.sql.front.outcome import ForSpark
from brickyard_local.sql.statements.payloads import StatementBody
from brickyard_local.sql.statements.records import Records
from brickyard_local.sql.statements.runner import Runner
from brickyard_local.sql.statements.service import StatementsService
from brickyard_local.store import Document, Store

ANN = Caller(
    principal="ann@x.org",
    groups=frozenset(),
    is_admin=True,
    workspace=Workspace(name="local", workspace_id=1, port=1),
)
BODY = StatementBody.model_validate({"statement": "SELECT 1", "warehouse_id": "w", "disposition": "EXTERNAL_LINKS"})


class Open:
    """A neighbour that lets everybody do everything."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments, **_named: True


class Process:
    """Of a warehouse; `answers` is what it does with a statement."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers
        self.asked, self.knows, self.canceled = threading.Event(), threading.Event(), threading.Event()

    def ask(self, path: str, body: Document, *, statement_id: str = "") -> Document:
        del path, statement_id
        self.asked.set()
        answer: Document = self._answers(self, body)
        return answer

    def cancel(self, statement_id: str) -> bool:
        del statement_id
        if self.knows.is_set():
            self.canceled.set()
        return self.knows.is_set()


class Warehouses(Open):
    """One warehouse that runs."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def running(self, *_given: Any, **_named: Any) -> Process:
        return self._process


class Front:
    """Everything is Spark's."""

    def handle(self, _caller: Caller, _token: str, record: Document) -> ForSpark:
        return ForSpark(text=record["statement"])


class Access(Open):
    """Tokens without use."""

    def token(self, *_given: Any) -> Any:
        return nullcontext("t")


def begun(tmp_path: Path, answers: Any) -> tuple[StatementsService, Runner, Process, str, Any]:
    home = Home(root=tmp_path, cache=tmp_path)
    process = Process(answers)
    warehouses: Any = Warehouses(process)
    access: Any = Access()
    signer: Any = Open()
    records = Records(Store(home.database), home)
    runner = Runner(records, warehouses, Front(), access)
    service = StatementsService(records, runner, warehouses, signer)
    statement_id, live = service.submit(ANN, BODY)
    return service, runner, process, statement_id, live


def test_a_cancel_that_comes_before_the_process_knows_the_statement_is_not_lost(tmp_path: Path) -> None:
    def answers(process: Process, _body: Document) -> Document:
        return {"canceled": True} if process.canceled.wait(5) else {"columns": [], "chunks": [], "truncated": False}

    service, runner, process, statement_id, live = begun(tmp_path, answers)
    assert process.asked.wait(5)
    runner.cancel(statement_id)
    process.knows.set()
    assert live.done.wait(10)
    assert service.get(ANN, statement_id)["status"]["state"] == "CANCELED"


def test_success_is_said_with_its_result_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks in the moment of the end."""
    column = {"name": "n", "position": 0, "type_name": "INT", "type_text": "INT"}
    go = threading.Event()

    def answers(_process: Process, _body: Document) -> Document:
        go.wait(5)
        return {"columns": [column], "chunks": [], "truncated": False}

    service, runner, _process, statement_id, live = begun(tmp_path, answers)
    before, seen = service._own(ANN, statement_id), live  # what a reader read just before the end
    monkeypatch.setattr(runner, "live", lambda _id: seen)
    go.set()
    assert live.done.wait(5)
    live.done.clear()
    monkeypatch.setattr(service, "_own", lambda *_given: before)
    assert service.get(ANN, statement_id)["status"]["state"] in {"PENDING", "RUNNING"}


def test_nothing_is_left_of_a_result_whose_process_was_killed(tmp_path: Path) -> None:
    def answers(_process: Process, body: Document) -> Document:
        for name in (body["folder"], body["folder"] + ".partial"):
            Path(name).mkdir(parents=True)
            (Path(name) / "0").write_text("rows")
        raise TemporarilyUnavailable("The warehouse's process ended")

    service, _runner, _process, statement_id, live = begun(tmp_path, answers)
    assert live.done.wait(5)
    assert service.get(ANN, statement_id)["status"]["state"] == "FAILED"
    assert [path.name for path in (tmp_path / "sql" / "1").iterdir()] == []
