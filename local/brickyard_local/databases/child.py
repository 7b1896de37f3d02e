"""The process of one copy: a Delta table's version into a table of Postgres.

Its folder holds request.json (see `copying.Copier`) and gets result.json: {version, committed_at, rows} or {error}.
"""

import json
import sys
from pathlib import Path
from typing import Any

from brickyard_local.children import exit_with_parent


def main(folder: Path) -> None:
    """Copy, and say how that went."""
    request = json.loads((folder / "request.json").read_text())
    result = _copied(request)
    waiting = folder / "result.json.new"
    waiting.write_text(json.dumps(result))
    waiting.rename(folder / "result.json")


def _copied(request: dict[str, Any]) -> dict[str, Any]:
    """Whatever happens is told: it becomes the state of the synced table."""
    from brickyard_local.databases.errors import CannotLoad

    version = "the newest version" if request["version"] is None else f"version {request['version']}"
    try:
        return _copy(request)
    except CannotLoad as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - deltalake's, pg8000's and pyarrow's errors share no base
        return {"error": f"{version.capitalize()} of '{request['source']}' cannot be copied: {error}"[:2000]}


def _copy(request: dict[str, Any]) -> dict[str, Any]:
    from brickyard_local.databases import loading
    from brickyard_local.databases.columns import columns_of
    from brickyard_local.databases.naming import OnlineTable
    from brickyard_local.databases.reading import read

    reading = read(Path(request["folder"]), request["version"])
    instance, database, schema, name = request["table"]
    load = loading.Load(
        table=OnlineTable(instance=instance, database=database, schema=schema, name=name),
        columns=columns_of(reading.schema),
        primary_key=tuple(request["keys"]),
        timeseries_key=request["timeseries_key"],
    )
    rows = loading.fill(Path(request["socket"]), load, reading.batches)
    return {"version": reading.version, "committed_at": reading.committed_at, "rows": rows}


if __name__ == "__main__":
    exit_with_parent()
    main(Path(sys.argv[1]))
