"""A table's landed files into bronze: those that are whole, each once; the others are named and set aside."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import Disturbed, UnusableSource
from brickyard_pipelines.ml.data import bronze, landing, parquet, quarantine, tables
from brickyard_pipelines.ml.data.bronze import Load
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from databricks.sdk.service.files import FilesAPI
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)
_TRIES = 6  # of a load, while other runs load into the same table


def load(
    spark: "SparkSession",
    files: "FilesAPI",
    settings: StepSettings,
    contract: TableContract,
    offered: Sequence[LandedFile],
) -> None:
    """One bronze table: each whole file once.

    Errors: UnusableSource when a file breaks the contract, or the table has no file at all; Disturbed when other runs
    load into it again and again.
    """
    table, loaded, taken = settings.table("bronze", contract.name), 0, 0
    for _ in range(_TRIES):
        # Before it is asked what the table holds: who loads after that takes this number, and our load is left out.
        number = max(taken, bronze.last_load(spark, table)) + 1
        waiting = bronze.pending(spark, table, offered)
        looks = whole_files(spark, files, settings, contract, waiting)
        news = [file for file in waiting if file.path in looks]
        if not news:
            break
        if load_readable(spark, settings, contract, looks, news, Load(number=number, offered=offered)):
            # Only now: with a number above the one that another run is about to take, both would load.
            loaded, taken = len(news), number
    else:
        raise Disturbed(
            f"{table}: in {_TRIES} tries other runs loaded into it at the same moment. Nothing is lost or doubled: let"
            " them end, then run this step again."
        )
    if not loaded and tables.state(spark, table) is None:
        raise UnusableSource(
            f"No file that can be loaded has landed for {contract.name}, which the contract describes:"
            f" {len(offered)} files lie in {settings.landing()}/{contract.name}."
        )
    _log.info("%s: %d files loaded, %d lie there", table, loaded, len(offered))


def whole_files(
    spark: "SparkSession",
    files: "FilesAPI",
    settings: StepSettings,
    contract: TableContract,
    waiting: Sequence[LandedFile],
) -> Mapping[str, Inspection]:
    """What was seen, by path, of those files that can be loaded; the others are named and quarantined as files.

    Errors: UnusableSource for a file whose columns are not its contract's.
    """
    table = refused_files(settings, contract)
    refused = quarantine.known_files(spark, table) if waiting else {}
    looks, newly = {}, []
    for file in waiting:
        if (file.path, file.size) in refused:
            _log.warning("%s: still refused: %s", file.path, refused[(file.path, file.size)])
            continue
        found = landing.inspect(files, file, contract)
        if contract.format == "parquet" and found.not_whole is None:
            found = parquet.columns(spark, file.path, contract)
        if found.breaks is not None:
            raise UnusableSource(landing.broken(file.path, contract, found.breaks))
        if found.not_whole is not None:
            _log.warning("%s: refused: %s", file.path, found.not_whole)
            newly.append((file, found.not_whole))
        else:
            looks[file.path] = found
    if newly:
        quarantine.keep_files(spark, contract, table, newly)
    return looks


def load_readable(
    spark: "SparkSession",
    settings: StepSettings,
    contract: TableContract,
    looks: Mapping[str, Inspection],
    news: Sequence[LandedFile],
    this: Load,
) -> bool:
    """Load the files; False when nothing was committed: another run came first, or some could not be read to their end.

    These are set aside then.
    """
    from pyspark.errors import PySparkException  # see data/spark.py

    table = settings.table("bronze", contract.name)
    try:
        return bronze.load(spark, contract, looks, news, table, this=this)
    except PySparkException as error:
        if contract.format != "parquet" or "FAILED_READ_FILE" not in str(error):
            raise
        reasons = [(file, parquet.unreadable(spark, file.path, looks[file.path])) for file in news]
        corrupt = [(file, reason) for file, reason in reasons if reason is not None]
        if not corrupt:
            raise
    for file, reason in corrupt:
        _log.warning("%s: refused: %s", file.path, reason)
    quarantine.keep_files(spark, contract, refused_files(settings, contract), corrupt)
    return False


def refused_files(settings: StepSettings, contract: TableContract) -> str:
    """The table of the files of which nothing is loaded."""
    return settings.table("bronze", f"{contract.name}_refused_files")
