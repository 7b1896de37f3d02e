"""ingest: files of the landing volume → bronze → silver tables that keep their contract → gold. Only what is new."""

import datetime as dt
import inspect
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import InvalidProject, MissingArgument, UnusableSource
from brickyard_pipelines.ml.data import gold, landing, loading, silver
from brickyard_pipelines.ml.data.conflicts import until_undisturbed
from brickyard_pipelines.ml.data.contract import LandingFile, TableContract
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.project.ingest import GoldTable
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk.service.files import FilesAPI
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)
_TABLES_AT_ONCE = 3


def main() -> None:
    """The task's entry point."""
    entry.run("ingest", ingest)


def ingest(settings: StepSettings, project: Project) -> None:
    """Land, load and conform; files that are loaded and rows that are judged are left alone."""
    contracts = contracts_of(project)
    files = files_api()
    with ThreadPoolExecutor(_TABLES_AT_ONCE) as pool:
        opening = pool.submit(session)  # Spark starts while the files are uploaded
        offered = offer(files, settings, project, contracts)
        spark = opening.result()
        work = partial(refine, spark, files, settings, offered)
        list(pool.map(work, contracts))  # one table's planning fills the other's waiting
        list(pool.map(partial(build_gold, spark, settings, project), project.workflow.gold))


def contracts_of(project: Project) -> tuple[TableContract, ...]:
    """The contracts, each with the format of its files. Errors: InvalidProject for files of a table that has none."""
    contracts: tuple[TableContract, ...] = refer(project.workflow.contract)
    sources = project.workflow.sources
    if unknown := sorted(set(sources) - {contract.name for contract in contracts}):
        raise InvalidProject(
            f"workflow.sources.{unknown[0]}: {project.workflow.contract} has no contract of that name; it has"
            f" {', '.join(sorted(contract.name for contract in contracts))}."
        )
    return tuple(
        replace(contract, format=sources[contract.name].format) if contract.name in sources else contract
        for contract in contracts
    )


def files_api() -> "FilesAPI":
    """The Files API of this workspace."""
    from databricks.sdk import WorkspaceClient  # a second of imports that tests do not need

    return WorkspaceClient().files


def offer(
    files: "FilesAPI", settings: StepSettings, project: Project, contracts: Sequence[TableContract]
) -> Mapping[str, Sequence[LandedFile]]:
    """The files that lie in the volume for each table, after the project has landed its own, if it does.

    Errors: UnusableSource when a file that it lands breaks its contract.
    """
    folder, known = settings.landing(), {contract.name: contract for contract in contracts}
    landed = landing.land(files, sources(settings, project), known, folder)
    found = landing.discover(files, contracts, folder, landed.files)
    total = sum(map(len, found.values()))
    _log.info("landing: %d files in %s, %d of them uploaded now", total, folder, landed.uploaded)
    return found


def sources(settings: StepSettings, project: Project) -> Iterable[LandingFile]:
    """The files that the project's own function lands; none where others land them.

    Errors: MissingArgument when --land-until is given, and nothing here can look at it.
    """
    reference = project.workflow.land
    function = refer(reference) if reference else None
    takes_until = function is not None and "until" in inspect.signature(function).parameters
    if settings.land_until and not takes_until:
        raise MissingArgument(
            f"--land-until {settings.land_until} is given, but {reference or 'a project without workflow.land'} takes"
            " no argument `until`: leave --land-until out."
        )
    if function is None:
        return ()
    landed: Iterable[LandingFile] = function(until=until(settings)) if takes_until else function()
    return landed


def until(settings: StepSettings) -> dt.date | None:
    """The day before which a source is replayed; None for all of it.

    Errors: MissingArgument for what is no date.
    """
    try:
        return dt.date.fromisoformat(settings.land_until) if settings.land_until else None
    except ValueError as error:
        said = f"--land-until: got {settings.land_until!r}, expected a day such as 2013-04-01."
        raise MissingArgument(said) from error


def refine(
    spark: "SparkSession",
    files: "FilesAPI",
    settings: StepSettings,
    offered: Mapping[str, Sequence[LandedFile]],
    contract: TableContract,
) -> None:
    """One table from its landed files to silver."""
    loading.load(spark, files, settings, contract, offered[contract.name])
    if contract.columns:
        conform_one(spark, settings, contract)


def conform_one(spark: "SparkSession", settings: StepSettings, contract: TableContract) -> None:
    """One silver table.

    Errors: UnusableSource when not one row keeps the contract.
    """
    names = silver.Tables(
        bronze=settings.table("bronze", contract.name),
        silver=settings.table("silver", contract.name),
        quarantine=settings.table("silver", f"{contract.name}_quarantine"),
    )
    counts = until_undisturbed(lambda: silver.conform(spark, contract, names))
    _log.info(
        "%s: %s; %d of %d rows kept, %d quarantined, %d replaced by newer ones",
        *(names.silver, counts.did, counts.silver, counts.bronze, counts.quarantined, counts.replaced),
    )
    if counts.silver == 0:
        raise UnusableSource(
            f"Not one of {counts.bronze} rows keeps the contract of {contract.name}: see {names.quarantine}."
        )


def build_gold(spark: "SparkSession", settings: StepSettings, project: Project, definition: GoldTable) -> None:
    """One gold table."""
    table = settings.table("gold", definition.name)
    inputs = {name: settings.table("silver", name) for name in definition.inputs}
    wrote = gold.build(spark, project, definition, table, inputs)
    _log.info("%s: %s", table, "rebuilt" if wrote else "unchanged")
