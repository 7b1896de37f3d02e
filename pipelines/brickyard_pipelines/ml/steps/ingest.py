"""ingest: the project's source files → landing volume → bronze tables → silver tables that keep their contract."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data import bronze, landing, silver
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)
_TABLES_AT_ONCE = 3


def main() -> None:
    """The task's entry point."""
    entry.run("ingest", ingest)


def ingest(settings: StepSettings, project: Project) -> None:
    """Land, load and conform; what is already done for the same bytes is left alone."""
    contracts: tuple[TableContract, ...] = refer(project.workflow.contract)
    with ThreadPoolExecutor(_TABLES_AT_ONCE) as pool:
        opening = pool.submit(session)  # Spark starts while the files are uploaded
        landed = files_by_table(land_sources(settings, project, contracts), contracts)
        spark = opening.result()
        work = partial(refine, spark, settings, landed)
        list(pool.map(work, contracts))  # one table's planning fills the other's waiting


def refine(
    spark: "SparkSession",
    settings: StepSettings,
    landed: Mapping[str, Sequence[LandedFile]],
    contract: TableContract,
) -> None:
    """One table from its landed files to silver."""
    load_one(spark, settings, contract, landed[contract.name])
    if contract.columns:
        conform_one(spark, settings, contract)


def land_sources(
    settings: StepSettings, project: Project, contracts: Sequence[TableContract]
) -> tuple[LandedFile, ...]:
    """The project's source files in the volume.

    Errors: UnusableSource when a file does not have the columns of its contract.
    """
    from databricks.sdk import WorkspaceClient  # a second of imports that tests do not need

    known = {contract.name: contract for contract in contracts}
    sources = landing.with_known_columns(refer(project.workflow.land)(), known)
    landed = landing.land(WorkspaceClient().files, sources, settings.landing())
    uploaded = sum(file.uploaded for file in landed)
    _log.info("landing: %d files in %s, %d of them uploaded now", len(landed), settings.landing(), uploaded)
    return landed


def files_by_table(
    landed: Sequence[LandedFile], contracts: Sequence[TableContract]
) -> Mapping[str, Sequence[LandedFile]]:
    """The landed files of each table of the contract.

    Errors: UnusableSource when a table has no file.
    """
    by_table: dict[str, list[LandedFile]] = defaultdict(list)
    for file in landed:
        by_table[file.table].append(file)
    without = [contract.name for contract in contracts if contract.name not in by_table]
    if without:
        raise UnusableSource(f"No file has landed for {', '.join(without)}, which the contract describes.")
    return by_table


def load_one(
    spark: "SparkSession", settings: StepSettings, contract: TableContract, landed: Sequence[LandedFile]
) -> None:
    """One bronze table."""
    table = settings.table("bronze", contract.name)
    wrote = bronze.load(spark, contract, landed, table)
    _log.info("%s: %s %d files", table, "loaded" if wrote else "already holds the", len(landed))


def conform_one(spark: "SparkSession", settings: StepSettings, contract: TableContract) -> None:
    """One silver table.

    Errors: UnusableSource when not one row keeps the contract.
    """
    table, quarantine = (settings.table("silver", name) for name in (contract.name, f"{contract.name}_quarantine"))
    counts = silver.conform(spark, contract, settings.table("bronze", contract.name), table, quarantine)
    _log.info(
        "%s: %d of %d rows kept, %d quarantined%s",
        *(table, counts.silver, counts.bronze, counts.quarantined, "" if counts.wrote else " (unchanged)"),
    )
    if counts.silver == 0:
        raise UnusableSource(
            f"Not one of {counts.bronze} rows keeps the contract of {contract.name}: see its quarantine."
        )
