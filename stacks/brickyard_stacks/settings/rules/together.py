"""Rules between files: what environments must not share, and what a project needs of an environment."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from brickyard_stacks.settings.deployment.jobs import ExtraJob
from brickyard_stacks.settings.environment import Environment, metastore_of
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.state import LocalState, S3State, State
from brickyard_stacks.settings.strict import Broken


def rules_between(environments: Sequence[Environment]) -> Iterator[tuple[Environment, Broken]]:
    """What two environments both own, told of the later one.

    One region of a cloud has one metastore; names and URLs are unique in it. Stages of this machine are let be.
    """
    for first, second in combinations([e for e in environments if e.stage != "local"], 2):
        yield from ((second, broken) for broken in _states(first, second))
        if metastore_of(first) == metastore_of(second):
            yield from ((second, broken) for broken in _metastores(first, second))


def _states(first: Environment, second: Environment) -> Iterator[Broken]:
    """Stacks are called by environment, so one folder would do; separate ones can be given to separate people."""
    if _folder(first.state) == _folder(second.state):
        key = "path" if isinstance(first.state, LocalState) else "key_prefix"
        if first.stage != second.stage:
            rule = f"is {first.name}'s as well: who writes one environment's state could write the other's"
            yield Broken(key=("state", key), rule=rule)


def _folder(state: State) -> tuple[str, ...]:
    if isinstance(state, LocalState):
        return ("local", state.path, "")
    if isinstance(state, S3State):
        return (state.bucket, state.key_prefix, state.endpoint or "")
    return (state.storage_account_name, state.container_name, state.key_prefix)


def _metastores(first: Environment, second: Environment) -> Iterator[Broken]:
    if first.prefix == second.prefix:
        yield Broken(key=("prefix",), rule=f"is {first.name}'s as well: names of one metastore would meet")
    owned = "reference" not in (first.catalog.ownership, second.catalog.ownership)
    if owned and first.catalog.name == second.catalog.name:
        rule = f"is {first.name}'s catalog as well: one environment owns it, others refer to it"
        yield Broken(key=("catalog", "name"), rule=rule)
    for name, storage in second.storage.items():
        for other, theirs in first.storage.items():
            if storage.url.rstrip("/") == theirs.url.rstrip("/") and storage.ownership == theirs.ownership == "create":
                rule = f"is {first.name}'s storage.{other} as well: a metastore has one location for it"
                yield Broken(key=("storage", name, "url"), rule=rule)


def rules_of_appliers(environment: Environment, projects: Sequence[str]) -> Iterator[Broken]:
    """Who applies a project applies one that there is; `projects` are all of the clone."""
    for name in environment.deployers:
        if name not in projects:
            yield Broken(key=("deployers", name), rule="names no project of this clone", choices=tuple(projects))


def rules_of_project_in(project: Project, environment: Environment) -> Iterator[Broken]:
    """What the project names and the environment does not have."""
    for name, job in project.deployment.jobs.items():
        yield from _job(("deployment", "jobs", name), job, environment)
    for name, alert in project.deployment.alerts.items():
        key = ("deployment", "alerts", name, "warehouse")
        yield from _there(key, alert.warehouse, environment.compute.warehouses, environment, "compute.warehouses")
    store = project.deployment.online_store
    if store is not None:
        there = environment.compute.online_stores
        yield from _there(("deployment", "online_store"), store, there, environment, "compute.online_stores")
    dashboard = project.deployment.dashboard
    if dashboard is not None:
        at = ("deployment", "dashboard", "warehouse")
        yield from _there(at, dashboard.warehouse, environment.compute.warehouses, environment, "compute.warehouses")


def _job(key: tuple[str | int, ...], job: ExtraJob, environment: Environment) -> Iterator[Broken]:
    compute = environment.compute
    for name, cluster in job.clusters.items():
        if cluster.pool is not None:
            at = (*key, "clusters", name, "pool")
            yield from _there(at, cluster.pool, compute.pools, environment, "compute.pools")
        types = "gpu_node_types" if cluster.policy == "gpu" else "node_types"
        if cluster.node_type is None and cluster.pool is None and not getattr(compute, types):
            rule = f"required in the environment {environment.name}, whose compute.{types} is empty"
            yield Broken(key=(*key, "clusters", name, "node_type"), rule=rule)
    for index, task in enumerate(job.tasks):
        if task.sql is not None:
            at_task = (*key, "tasks", index, "sql", "warehouse")
            yield from _there(at_task, task.sql.warehouse, compute.warehouses, environment, "compute.warehouses")


def _there(
    key: tuple[str | int, ...], name: str, there: Iterable[str], environment: Environment, where: str
) -> Iterator[Broken]:
    names = tuple(there)
    if name not in names:
        rule = f"must be one of {where} of the environment {environment.name}: {', '.join(names) or 'there is none'}"
        yield Broken(key=key, rule=rule, choices=names)
