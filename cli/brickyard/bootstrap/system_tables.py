"""What jobs read of the metastore's own catalog, `system`: its schema switched on, and the rights of `run_as` in it.

Terraform could own such grants only as a whole set, with those of everybody else.
Source: docs.databricks.com/aws/en/admin/system-tables (schemas are enabled, then granted)
"""

from collections.abc import Iterable, Iterator
from functools import partial

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.bootstrap.step import Step
from brickyard.doctor.may_apply import holds
from brickyard.doctor.payload_sight import payload_rights, run_as
from brickyard.doctor.preflight import Caller
from brickyard.doctor.rights import SecurableRight
from brickyard.errors import UnknownPrincipal, in_one_line
from brickyard_stacks.settings import Environment, Project

_ENABLED = ("ENABLE_INITIALIZED", "ENABLE_COMPLETED", "MANAGED")
_PERMISSIONS = "/api/2.1/unity-catalog/permissions"


def system_tables(client: WorkspaceClient, environment: Environment, projects: Iterable[Project]) -> Iterator[Step]:
    """The steps; none where no project unpacks payloads."""
    rights = list(payload_rights(environment, projects))
    if not rights:
        return
    for schema in sorted({right.name.split(".")[1] for right in rights if right.kind == "schema"}):
        yield _schema(client, schema)
    try:
        jobs = run_as(client, environment)
    except UnknownPrincipal as error:
        call = f"{in_one_line(error)}: apply the platform's stack, then run bootstrap again"
        yield Step(what="jobs read which version answered a request", call=call, by_hand=True)
        return
    for right in rights:
        yield _right(client, jobs, right)


def _schema(client: WorkspaceClient, name: str) -> Step:
    what = f"system schema {name} is enabled"
    try:
        metastore = str(client.metastores.summary().metastore_id)
        states = {each.schema: each.state for each in client.system_schemas.list(metastore)}
    except DatabricksError as error:
        said = in_one_line(error)[:120]
        call = f"cannot be read ({said}): an account administrator enables the system schema {name}"
        return Step(what=what, call=call, by_hand=True)
    return Step(
        what=what,
        call=f"PUT /api/2.1/unity-catalog/metastores/{metastore}/systemschemas/{name}",
        done=states.get(name) in _ENABLED,
        make=partial(_enable, client, metastore, name),
    )


def _enable(client: WorkspaceClient, metastore: str, name: str) -> str:
    client.system_schemas.enable(metastore, name)
    return ""


def _right(client: WorkspaceClient, jobs: Caller, right: SecurableRight) -> Step:
    what = f"{right.privilege} on {right.name} for {jobs.name} (run_as)"
    try:
        there = holds(client, jobs, right)
    except DatabricksError:
        there = None
    return Step(
        what=what,
        call=f"PATCH {_PERMISSIONS}/{right.kind}/{right.name} + {right.privilege}"
        if there is not None
        else f"an administrator of account and metastore runs {right.statement(jobs.name)}",
        done=bool(there),
        by_hand=there is None,
        make=partial(_give, client, jobs, right),
    )


def _give(client: WorkspaceClient, jobs: Caller, right: SecurableRight) -> str:
    """Added to what others hold."""
    body = {"changes": [{"principal": jobs.name, "add": [right.privilege]}]}
    client.api_client.do("PATCH", f"{_PERMISSIONS}/{right.kind}/{right.name}", body=body)
    return ""
