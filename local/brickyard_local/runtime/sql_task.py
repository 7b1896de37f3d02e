"""A SQL task in its process: a query, a file of statements or an alert, run by a warehouse over the REST API.

Source: docs.databricks.com/api/workspace/statementexecution; docs.databricks.com/jobs/sql
"""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_local.runtime import task_files, workspace_api
from brickyard_local.runtime.sql_text import statements

_STATEMENTS = "/api/2.0/sql/statements"
_WAIT = "10s"
_POLL_S = 0.5
_ROWS_SHOWN = 20


class StatementFailed(RuntimeError):
    """Raised when a statement fails, is cancelled or closed; says which one of the task's."""


def run(task: Mapping[str, Any], folder: Path) -> None:
    """Run all statements; leaves `sql_output` for the run's output. Errors: StatementFailed, WorkspaceRefused."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a cancelled task cancels its statement
    output = _alert(task) if "alert_id" in task else _query(task)
    task_files.write(folder, task_files.RESULT, output)


def _alert(task: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate an alert; it runs as its own principal. Errors: StatementFailed when it cannot be evaluated."""
    alert = workspace_api.call("POST", f"/api/local/alerts/{task['alert_id']}/evaluate", body={})
    state = str(alert["state"])
    print(f"{alert['display_name']} is {state}", flush=True)  # noqa: T201 - the log is where a task shows things
    if state == "ERROR":
        raise StatementFailed(f"The alert {task['alert_id']} cannot be evaluated: see its query and condition.")
    shown = {"alert_state": state, "query_text": alert["query_text"], "warehouse_id": alert["warehouse_id"]}
    return {"alert_output": shown}


def _query(task: Mapping[str, Any]) -> dict[str, Any]:
    text, parameters = _text(task)
    warehouse_id = task["warehouse_id"]
    ids = [_run_statement(statement, warehouse_id, parameters) for statement in statements(text)]
    done = [{"lookup_key": statement_id} for statement_id in ids]
    return {"query_output": {"query_text": text, "warehouse_id": warehouse_id, "sql_statements": done}}


def _text(task: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The SQL and its parameters: those of the task win over a query's own values."""
    if "text" in task:
        return task["text"], dict(task["parameters"])
    query = workspace_api.call("GET", f"/api/2.0/sql/queries/{task['query_id']}")
    own = {each["name"]: _value(each) for each in query.get("parameters") or []}
    return query["query_text"], {**own, **task["parameters"]}


def _value(parameter: Mapping[str, Any]) -> str:
    for kind in ("text_value", "numeric_value", "date_value"):
        found = parameter.get(kind)
        if found is not None:
            inner = found.get("value", found.get("date_value"))
            return str(inner)
    raise StatementFailed(
        f"The query's parameter '{parameter.get('name')}' is of a kind that SQL tasks do not run here: "
        f"{sorted(set(parameter) - {'name', 'title'})}; text, number and date are."
    )


def _run_statement(statement: str, warehouse_id: str, parameters: Mapping[str, str]) -> str:
    """Run one to its end; its id. Errors: StatementFailed."""
    named = [{"name": name, "value": value} for name, value in parameters.items() if f":{name}" in statement]
    body = {
        "warehouse_id": warehouse_id,
        "statement": statement,
        "wait_timeout": _WAIT,
        "on_wait_timeout": "CONTINUE",
        "parameters": named,
    }
    answer = workspace_api.call("POST", _STATEMENTS, body=body)
    statement_id = str(answer["statement_id"])
    try:
        while answer["status"]["state"] in {"PENDING", "RUNNING"}:
            time.sleep(_POLL_S)
            answer = workspace_api.call("GET", f"{_STATEMENTS}/{statement_id}")
    except SystemExit:
        workspace_api.call("POST", f"{_STATEMENTS}/{statement_id}/cancel", body={})
        raise
    state = answer["status"]["state"]
    if state != "SUCCEEDED":
        said = (answer["status"].get("error") or {}).get("message", "")
        raise StatementFailed(f"{_short(statement)}: {state} {said}".strip())
    _show(statement, answer)
    return statement_id


def _show(statement: str, answer: Mapping[str, Any]) -> None:
    columns = [column["name"] for column in answer.get("manifest", {}).get("schema", {}).get("columns") or []]
    rows = (answer.get("result") or {}).get("data_array") or []
    lines = [f"-- {_short(statement)}"]
    if columns:
        lines += ["\t".join(columns), *("\t".join(map(str, row)) for row in rows[:_ROWS_SHOWN])]
    total = answer.get("manifest", {}).get("total_row_count", len(rows))
    print("\n".join(lines), f"\n({total} rows)", flush=True)  # noqa: T201 - the log is where a task shows things


def _short(statement: str) -> str:
    first = " ".join(statement.split())
    return first if len(first) <= 80 else first[:79] + "…"
