"""The permission matrix as a page: rendered from `permissions.py`, so that it cannot say anything else."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, get_args

from brickyard_stacks import permissions as data
from brickyard_stacks.permissions import Role
from brickyard_stacks.settings.catalog import Schemas
from brickyard_stacks.settings.compute import PolicyName
from brickyard_stacks.settings.stages import Stage

PAGE = "docs/permissions.md"
Cell: TypeAlias = str | tuple[str, ...]
Given: TypeAlias = Mapping[Role, Cell]

_ROLES: tuple[tuple[Role, str], ...] = (
    ("data_scientists", "data scientists"),
    ("ml_engineers", "ML engineers"),
    ("approvers", "approvers"),
    ("consumers", "consumers"),
    ("run_as", "`run_as`"),
    ("plan", "`plan`"),
    ("ci", "`ci`"),
    ("deployer", "`deployer`"),
    ("platform", "`platform`"),
)
_HEAD = """# Who may do what

Written by `brickyard permissions --write` from `stacks/brickyard_stacks/permissions.py`; a test fails when they differ.

People are in four account groups; `run_as`, `plan` and `ci` are service principals of each environment. `deployer`
applies the projects' stacks, and `platform` the platform's: the same one, unless the settings say
`platform: {deployer: …}`. Who applies one project only (`deployers: {<project>: …}`) is a `deployer` as well, and
stands in the lists of that project in the other one's place. Privileges on a catalog hold for everything in it. Every
set that we own holds the MANAGE of who applies it as well. Who owns a registered model (`run_as`) may do everything
with it. Empty: nothing.
"""


def page() -> str:
    """The whole page, as Markdown."""
    stages: tuple[Stage, ...] = get_args(Stage)
    parts = [_HEAD]
    parts += _staged("The environment's catalog", stages, data.catalog_privileges)
    for title, schemas in _schemas().items():
        parts.append(_section(f"Schemas {title}, besides", {"every stage": data.schema_privileges(schemas[0])}))
    for title, given in (
        ("The volume `landing`", data.landing_privileges()),
        ("The volume `artifacts`", data.artifacts_privileges()),
        ("A project's volume", data.volume_privileges()),
        ("A project's table", data.table_privileges()),
        ("A registered model", data.model_privileges()),
        ("The schema of a sandbox", data.sandbox_privileges()),
        ("A sandbox's volume `artifacts`", data.sandbox_artifacts_privileges()),
        ("An external location", data.location_privileges()),
        ("A storage credential", data.credential_privileges()),
    ):
        parts.append(_section(title, {"every stage": given}))
    copied = {f"on the {name}": data.copier_privileges(name) for name in ("catalog", "schema", "model")}
    parts.append(_section("The next environment's jobs, where models are copied up (`promotion.by: model`)", copied))
    parts += _staged("A job", stages, data.job_levels)
    parts += _staged("The deployment job of models", stages, data.deployment_job_levels)
    parts += _staged("An experiment", stages, data.experiment_levels)
    parts += _staged("A serving endpoint", stages, data.endpoint_levels)
    parts += _staged("A SQL alert", stages, data.alert_levels)
    parts.append(_section("A dashboard", {"every stage": data.dashboard_levels()}))
    parts.append(_section("A notebook or file that a job runs", {"every stage": data.file_levels()}))
    parts.append(_section("The folder of experiments and files", {"every stage": data.folder_levels()}))
    parts += _staged("The service principal `run_as` itself, where we make it", stages, data.run_as_roles)
    parts += _staged("A SQL warehouse", stages, data.warehouse_levels)
    parts += _staged("An online store", stages, data.online_store_levels)
    for policy in get_args(PolicyName):
        parts += _staged(f"The cluster policy `{policy}`", stages, _of_policy(policy))
    parts.append(_section("An instance pool", {"every stage": data.pool_levels()}))
    return "\n".join(parts)


def _of_policy(policy: str) -> Callable[[Stage], Given]:
    return lambda stage: data.policy_levels(stage, policy)


def _schemas() -> dict[str, list[str]]:
    """Schemas with equal privileges, together."""
    together: dict[str, list[str]] = {}
    for name in Schemas.model_fields:
        together.setdefault(repr(data.schema_privileges(name)), []).append(name)
    return {", ".join(f"`{name}`" for name in names): names for names in together.values()}


def _staged(title: str, stages: Iterable[Stage], given: Callable[[Stage], Given]) -> list[str]:
    """One table, with a column for each set of stages that do not differ."""
    columns: dict[str, tuple[list[str], Given]] = {}
    for stage in stages:
        cells = given(stage)
        columns.setdefault(repr(sorted(cells.items())), ([], cells))[0].append(stage)
    return [_section(title, {", ".join(names): cells for names, cells in columns.values()})]


def _section(title: str, columns: Mapping[str, Given]) -> str:
    lines = [f"## {title}", "", f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for role, words in _ROLES:
        cells = [_cell(given.get(role, ())) for given in columns.values()]
        if any(cells):
            lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(given: Cell) -> str:
    return given if isinstance(given, str) else ", ".join(sorted(given))
