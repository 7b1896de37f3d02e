"""Statements: who may run, see and cancel them.

Only who submitted a statement sees its result; who manages the warehouse can cancel it.
Source: docs.databricks.com/api/workspace/statementexecution; docs.databricks.com/dev-tools/sql-execution-tutorial.
Deviations: statements that the catalog answers (GRANT, SHOW VOLUMES …) do not start the warehouse; results stay for
an hour, statements for twelve, whoever polls.
"""

from pathlib import Path

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidState, PermissionDenied
from brickyard_local.sql.needs import Signer
from brickyard_local.sql.statements.answers import response, result
from brickyard_local.sql.statements.links import Links
from brickyard_local.sql.statements.payloads import StatementBody
from brickyard_local.sql.statements.records import SUCCEEDED, Records
from brickyard_local.sql.statements.runner import Live, Runner
from brickyard_local.sql.warehouses.service import WarehousesService
from brickyard_local.store import Document

_TYPES = {"ARROW_STREAM": "application/vnd.apache.arrow.stream", "CSV": "text/csv", "JSON_ARRAY": "application/json"}


class StatementsService:
    """Statements of every workspace."""

    def __init__(self, records: Records, runner: Runner, warehouses: WarehousesService, signer: Signer) -> None:
        self._records = records
        self._runner = runner
        self._warehouses = warehouses
        self._links = Links(signer)

    def submit(self, caller: Caller, body: StatementBody) -> tuple[str, Live]:
        """Put on record and begun. Errors: NotFound, PermissionDenied."""
        self._warehouses.require(caller, body.warehouse_id, "CAN_USE")
        record = self._records.add(caller, body)
        return record["id"], self._runner.start(caller, record)

    def get(self, caller: Caller, statement_id: str) -> Document:
        """Status, and once it succeeded manifest and first chunk. Errors: NotFound, PermissionDenied."""
        record = self._own(caller, statement_id)
        live = self._runner.live(statement_id)
        if live is not None:
            record = {**record, "state": live.state} if not live.done.is_set() else self._own(caller, statement_id)
        answer = response(record)
        if record["state"] == SUCCEEDED:
            answer["result"] = self._result(caller, record, 0)
        return answer

    def chunk(self, caller: Caller, statement_id: str, index: int) -> Document:
        """Errors: NotFound, PermissionDenied, InvalidState when there is no result (any more)."""
        record = self._own(caller, statement_id)
        if record["state"] != SUCCEEDED:
            raise InvalidState(f"The statement {statement_id} has no result: it is {record['state']}.")
        return self._result(caller, record, index)

    def cancel(self, caller: Caller, statement_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        record = self._records.get(caller.workspace.workspace_id, statement_id)
        if record["principal"] != caller.principal:
            self._warehouses.require(caller, record["warehouse_id"], "CAN_MANAGE")
        self._runner.cancel(statement_id)

    def file(self, caller: Caller, statement_id: str, index: int) -> tuple[Path, str]:
        """A chunk's file and its type. Errors: NotFound, PermissionDenied, InvalidState."""
        record = self._own(caller, statement_id)
        if record["state"] != SUCCEEDED or not 0 <= index < len(record["chunks"]):
            raise InvalidState(f"The statement {statement_id} has no such result (any more): run it again.")
        folder = self._records.folder(caller.workspace.workspace_id, statement_id)
        return folder / str(index), _TYPES[record["format"]]

    def _result(self, caller: Caller, record: Document, index: int) -> Document:
        folder = self._records.folder(caller.workspace.workspace_id, record["id"])
        return result(record, index, folder=folder, caller=caller, links=self._links)

    def _own(self, caller: Caller, statement_id: str) -> Document:
        record = self._records.get(caller.workspace.workspace_id, statement_id)
        if record["principal"] != caller.principal:
            raise PermissionDenied(f"The statement {statement_id} is not yours: only who submitted it sees its result.")
        return record
