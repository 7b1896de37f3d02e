"""The process of one refresh: `python -m brickyard_local.monitors.engine.child FOLDER`.

FOLDER holds `request.json`; `result.json` appears there when the refresh ended by itself. The environment says how to
join Spark, and as whom.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

from brickyard_local.children import exit_with_parent
from brickyard_local.monitors.engine.refresh import Refresh
from brickyard_local.monitors.engine.request import Request

_RETRIES = 3  # Spark is on this machine: who does not answer soon is gone
_SETTINGS = {
    "spark.sql.runSQLOnFiles": "false",  # else a name such as text.`/etc/hosts` would be a table
    "spark.sql.session.timeZone": "UTC",  # windows are of UTC
    "spark.sql.ansi.enabled": "false",  # a metric that cannot be computed is null
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",  # a batch costs the same whatever rows it has
    "spark.sql.execution.arrow.maxBytesPerBatch": str(32 * 2**20),  # unless its texts are long
}
_PLAN = re.compile(r";\n|\n+\s*JVM stacktrace:|\n== ")
_log = logging.getLogger("brickyard_local.monitors")


def main() -> None:
    """Compute, and say how it ended. SIGTERM interrupts what Spark does for it."""
    exit_with_parent()
    os.umask(0o077)
    logging.getLogger("SQLQueryContextLogger").disabled = True  # writes statements, with a stack trace each
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "request.json").read_text())
    spark = _session(os.environ, asked.pop("user"))

    def stop(_number: int, _frame: Any) -> None:
        spark.interruptAll()
        os._exit(1)

    signal.signal(signal.SIGTERM, stop)
    computing = threading.Thread(target=_refresh, args=(spark, Request(**asked), folder), name="refresh")
    computing.start()
    computing.join()
    spark.stop()
    sys.stdout.flush()
    os._exit(0)  # Spark's client keeps threads


def _session(environment: Mapping[str, str], user: str) -> SparkSession:
    address = f"{environment['SPARK_REMOTE']}/;token={environment['SPARK_CONNECT_AUTHENTICATE_TOKEN']}"
    spark = SparkSession(connection=address, userId=user)
    spark.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
    settings: dict[str, Any] = json.loads(environment["PYSPARK_REMOTE_INIT_CONF_0"])
    spark.conf._set_all(configs=settings | _SETTINGS, silent=True)  # noqa: SLF001 - one call, not fifty
    return spark


def _refresh(spark: SparkSession, request: Request, folder: Path) -> None:
    result: dict[str, str | int] = {}
    try:
        result = {"version": Refresh(spark=spark, request=request).run()}
    except Exception as error:  # noqa: BLE001 - whatever broke the refresh is its message
        _log.exception("refresh of %s", request.table)
        result = {"error": _described(error)}
    partial = folder / "result.json.partial"
    partial.write_text(json.dumps(result))
    partial.rename(folder / "result.json")


def _described(error: Exception) -> str:
    if isinstance(error, PySparkException):
        return _PLAN.split(str(error))[0].strip()
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
