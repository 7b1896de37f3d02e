"""The work done on data: clusters and jobs, what starts them, endpoints, Spark, SQL."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brickyard_local.account import Home, Workspace
from brickyard_local.catalog.made_tables import MadeTables
from brickyard_local.catalog.monitored_tables import MonitoredTables
from brickyard_local.catalog.synced_securables import SyncedSecurables
from brickyard_local.composition.data import Data
from brickyard_local.composition.people import People
from brickyard_local.compute.compose import Compute, compose_compute
from brickyard_local.databases.compose import Databases, compose_databases
from brickyard_local.databases.compose import Neighbours as DatabasesNeighbours
from brickyard_local.databases.instances import OBJECT_TYPE as DATABASE_INSTANCES
from brickyard_local.databases.pipelines import PIPELINES
from brickyard_local.jobs.cluster_libraries import ClusterLibraries
from brickyard_local.jobs.compose import Jobs, compose_jobs
from brickyard_local.jobs.compose import Neighbours as JobsNeighbours
from brickyard_local.jobs.model_libraries import ModelLibraries
from brickyard_local.jobs.spark_sessions import SparkSessions
from brickyard_local.monitors.compose import Monitors, compose_monitors
from brickyard_local.monitors.compose import Neighbours as MonitorsNeighbours
from brickyard_local.serving.compose import Neighbours as ServingNeighbours
from brickyard_local.serving.compose import Serving, compose_serving
from brickyard_local.spark.server import SparkServer
from brickyard_local.sql.compose import Neighbours as SqlNeighbours
from brickyard_local.sql.compose import Sql, compose_sql
from brickyard_local.triggers.compose import compose_triggers
from brickyard_local.triggers.loop import TriggerLoop
from brickyard_local.triggers.quartz import Quartz, zone_of
from brickyard_local.triggers.settings import check as check_triggers


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """Everything that runs processes."""

    compute: Compute
    jobs: Jobs
    triggers: TriggerLoop
    serving: Serving
    spark: SparkSessions
    sql: Sql
    monitors: Monitors
    databases: Databases


def compose_work(home: Home, people: People, data: Data) -> Work:
    """Build the services; nothing runs before `start`."""
    provide = ClusterLibraries(home, data.files).provide
    compute = compose_compute(
        people.store,
        permissions=people.permissions,
        provide=provide,
        caller_of=people.caller_of,
        entitlements=people.callers.entitlements,
    )
    databases = _databases(home, people, data)
    jobs = _jobs(home, people, data, compute, databases)
    data.models.deploy_with(jobs.deployment)
    triggers = compose_triggers(
        people.store,
        jobs.triggered,
        caller_of=people.caller_of,
        watched_folder=data.watched_folder,
        table_folder=data.table_folder,
    )
    jobs.service.when_changed(triggers.job_changed)
    spark = SparkSessions(partial(_spark_server, home), data.unity.catalog.catalog_names)
    return Work(
        compute=compute,
        jobs=jobs,
        triggers=triggers,
        serving=_serving(home, people, data, databases),
        spark=spark,
        sql=_sql(home, people, data, spark),
        monitors=_monitors(home, people, data, spark),
        databases=databases,
    )


def _databases(home: Home, people: People, data: Data) -> Databases:
    databases = compose_databases(
        home,
        people.store,
        DatabasesNeighbours(
            permissions=people.permissions,
            securables=SyncedSecurables(data.unity.catalog, data.unity.tables),
            budget_policies=people.budget_policies,
            caller_of=people.caller_of,
            admitted=people.admitted,
        ),
    )
    people.identity.when_name_changed(databases.principal_changed)
    instances, pipelines = databases.instances, databases.pipelines
    people.permissions.register(DATABASE_INSTANCES, instances.exists, inherited=instances.inherited)
    people.permissions.register(PIPELINES, pipelines.exists)
    return databases


def _jobs(home: Home, people: People, data: Data, compute: Compute, databases: Databases) -> Jobs:
    jobs = compose_jobs(
        home,
        people.store,
        JobsNeighbours(
            caller_of=people.caller_of,
            admitted=people.admitted,
            permissions=people.permissions,
            grant=people.permissions.grant,
            tokens=people.identity,
            files=data.files,
            secrets=people.secrets,
            budget_policies=people.budget_policies,
            compute=compute.service,
            check_triggers=check_triggers,
            databases=databases.environment,
        ),
    )
    people.permissions.register("jobs", jobs.service.exists)
    return jobs


def _serving(home: Home, people: People, data: Data, databases: Databases) -> Serving:
    serving = compose_serving(
        home,
        people.store,
        ServingNeighbours(
            permissions=people.permissions,
            catalog=data.unity.catalog,
            models=data.models,
            secrets=people.secrets,
            budget_policies=people.budget_policies,
            tables=MadeTables(data.unity.catalog, data.unity.tables),
            libraries=ModelLibraries(home),
            databases=databases,
            tokens=people.identity,
            caller_of=people.caller_of,
        ),
    )
    people.permissions.register("serving-endpoints", serving.service.exists)
    return serving


def _sql(home: Home, people: People, data: Data, spark: SparkSessions) -> Sql:
    return compose_sql(
        home,
        people.store,
        SqlNeighbours(
            permissions=people.permissions,
            principals=people.identity,
            spark=spark,
            entitlements=people.callers.entitlements,
            signer=data.files.signer,
            tree=data.workspace,
            caller_of=people.caller_of,
            parse_schedule=_schedule,
        ),
    )


def _monitors(home: Home, people: People, data: Data, spark: SparkSessions) -> Monitors:
    monitors = compose_monitors(
        home,
        people.store,
        MonitorsNeighbours(
            tables=MonitoredTables(data.unity.catalog, data.unity.tables),
            principals=people.identity,
            spark=spark,
            caller_of=people.caller_of,
            parse_schedule=_schedule,
        ),
    )
    people.identity.when_name_changed(monitors.service.principal_changed)
    return monitors


def _schedule(cron: str, timezone_id: str) -> Quartz:
    return Quartz.parse(cron, zone_of(timezone_id))


def _spark_server(home: Home, workspace: Workspace) -> SparkServer:
    return SparkServer(home.root, home.cache, workspace.host, Path(sys.executable))
