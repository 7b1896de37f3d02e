"""What notebook, SQL and Python file tasks may say when a job is saved. Pure: no I/O.

Source: docs.databricks.com/api/workspace/jobs/create (notebook_task, sql_task, spark_python_task)
Gaps: code from Git, notebooks on warehouses, dashboards, and who is told of an alert are refused by name.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated

_NOTEBOOK = ("notebook_path", "base_parameters", "source")
_SQL = ("warehouse_id", "query", "file", "alert", "parameters")
_LIMIT_BYTES = 1_000_000


def check_notebook(key: str, notebook: Mapping[str, Any]) -> None:
    """Errors: InvalidParameter, NotEmulated."""
    _known(f"notebook_task of task '{key}'", notebook, _NOTEBOOK)
    _from_workspace(f"notebook_task of task '{key}'", notebook)
    path = notebook.get("notebook_path")
    if not isinstance(path, str) or not path.startswith("/") or ".." in path.split("/"):
        raise InvalidParameter(
            f"notebook_path of task '{key}' is {path!r}; it must be absolute, e.g. /Workspace/Shared/notebook."
        )
    parameters = notebook.get("base_parameters") or {}
    wrong = not isinstance(parameters, Mapping) or [name for name, value in parameters.items() if value is None]
    if wrong or len(str(parameters)) > _LIMIT_BYTES:
        raise InvalidParameter(f"base_parameters of task '{key}' must map names to texts, 1 MB in all.")


def check_sql(key: str, sql: Mapping[str, Any]) -> None:
    """Errors: InvalidParameter, NotEmulated."""
    where = f"sql_task of task '{key}'"
    _known(where, sql, _SQL)
    if not sql.get("warehouse_id"):
        raise InvalidParameter(f"{where} needs a 'warehouse_id'.")
    kinds = [name for name in ("query", "file", "alert") if sql.get(name)]
    if len(kinds) != 1:
        raise InvalidParameter(f"{where} must have exactly one of query, file, alert; got {kinds}.")
    block = sql[kinds[0]]
    if kinds == ["query"] and not block.get("query_id"):
        raise InvalidParameter(f"{where} needs 'query.query_id'.")
    if kinds == ["alert"]:
        _known(f"alert of the {where}", block, ("alert_id", "pause_subscriptions"))
        if not block.get("alert_id") or sql.get("parameters"):
            raise InvalidParameter(f"{where} needs 'alert.alert_id', and takes no parameters.")
    if kinds == ["file"]:
        _from_workspace(where, block)
        if not str(block.get("path") or "").startswith("/"):
            raise InvalidParameter(f"'file.path' of {where} is {block.get('path')!r}; it must be absolute.")


def check_script(key: str, script: Mapping[str, Any]) -> None:
    """Errors: InvalidParameter, NotEmulated."""
    where = f"spark_python_task of task '{key}'"
    _known(where, script, ("python_file", "parameters", "source"))
    _from_workspace(where, script)
    path = script.get("python_file") or ""
    if not path.startswith("/"):
        raise NotEmulated(f"python_file '{path}' of task '{key}': only files in /Workspace and /Volumes")


def in_tree(path: str) -> str:
    """The path in the tree of files: `/Shared/x` lies in the workspace, and `/Volumes/…` where it says.

    >>> in_tree("/Shared/job.py")
    '/Workspace/Shared/job.py'
    """
    return path if path.startswith(("/Volumes/", "/Workspace/")) else "/Workspace" + path


def _from_workspace(where: str, block: Mapping[str, Any]) -> None:
    if block.get("source", "WORKSPACE") != "WORKSPACE":
        raise NotEmulated(f"source '{block['source']}' of {where}: only WORKSPACE")


def _known(where: str, block: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    for name, value in block.items():
        if name not in fields and value not in (None, "", [], {}, False):
            raise NotEmulated(f"'{name}' of the {where}")
