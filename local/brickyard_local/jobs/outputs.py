"""What a task attempt has left for `runs/get-output`, read from its folder.

Source: docs.databricks.com/api/workspace/jobs/getrunoutput (the first 5 MB of a notebook's exit value)
"""

from pathlib import Path
from typing import Any

from brickyard_local.jobs import redaction
from brickyard_local.runtime import task_files

_LIMIT_BYTES = 5 * 1024 * 1024


def of_task(folder: Path) -> dict[str, Any]:
    """`notebook_output` or `sql_output`; nothing for other types. A notebook without exit has an empty one."""
    if not redaction.may_show(folder):
        return {}
    kind, found = task_files.read(folder, task_files.TASK).get("kind"), task_files.read(folder, task_files.RESULT)
    if kind == "sql":
        return {"sql_output": found} if found else {}
    if kind != "notebook":
        return {}
    if "result" not in found:
        return {"notebook_output": {"truncated": False}}
    result = found["result"].encode()
    shown = result[:_LIMIT_BYTES].decode(errors="ignore")
    return {"notebook_output": {"result": shown, "truncated": len(result) > _LIMIT_BYTES}}
