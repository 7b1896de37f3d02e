"""May jobs read who answered a request? `unpack_payloads` joins payloads with a system table that few may read.

Source: docs.databricks.com/aws/en/admin/system-tables (access is granted by an administrator of account and metastore)
"""

from collections.abc import Iterable, Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.doctor.finding import Finding
from brickyard.doctor.identity import who_is
from brickyard.doctor.may_apply import finding, held
from brickyard.doctor.preflight import Caller, Preflight
from brickyard.doctor.rights import Kind, SecurableRight
from brickyard.errors import UnknownPrincipal, in_one_line
from brickyard_stacks.settings import Environment, Project

SERVED_ENTITIES = "system.serving.served_entities"
_CHECK = "payloads"


def payload_sight(preflight: Preflight) -> Iterator[Finding]:
    """Every right of `run_as` on the way to the table, where a project unpacks payloads."""
    rights = list(payload_rights(preflight.environment, preflight.projects))
    if preflight.client is None or not rights:
        return
    try:
        jobs = run_as(preflight.client, preflight.environment)
    except UnknownPrincipal as error:
        fix = "let the platform's stack make it, or assign it to the workspace; then ask again"
        yield Finding(check=_CHECK, status="warning", said=in_one_line(error), fix=fix)
        return
    for right in rights:
        yield finding(_CHECK, right, held(preflight.client, jobs, right), jobs)


def payload_rights(environment: Environment, projects: Iterable[Project]) -> Iterator[SecurableRight]:
    """What reading the table takes; nothing where no project unpacks, and where the workspace is ours."""
    tables = sorted({table for project in projects if (table := system_table(project))})
    if environment.stage == "local":  # its view holds the rows of the endpoints that one may view
        return
    for table in tables:
        catalog, schema, _ = table.split(".")
        places: tuple[tuple[Kind, str, str], ...] = (
            ("catalog", catalog, "USE_CATALOG"),
            ("schema", f"{catalog}.{schema}", "USE_SCHEMA"),
            ("table", table, "SELECT"),
        )
        for kind, name, privilege in places:
            because = "unpack_payloads asks there which version answered a request"
            yield SecurableRight(
                kind=kind, name=name, privilege=privilege, because=because, giver="metastore administrator"
            )


def system_table(project: Project) -> str | None:
    """The system table that the project's unpack_payloads reads; None where it reads none."""
    records = next((each.gateway.inference_table for each in project.endpoints.values()), False)
    if project.deployment.inference is None or not records:
        return None
    block: Any = project.workflow if isinstance(project.workflow, dict) else {}
    table = str((block.get("inference") or {}).get("served_entities", SERVED_ENTITIES))
    return table if table.startswith("system.") and table.count(".") == SERVED_ENTITIES.count(".") else None


def run_as(client: WorkspaceClient, environment: Environment) -> Caller:
    """The principal of the jobs, with its groups. Errors: UnknownPrincipal."""
    settings = environment.service_principals.run_as
    name = settings.application_id
    if name is None:
        try:
            found = list(client.service_principals.list(filter=f'displayName eq "{settings.name}"'))
        except DatabricksError as error:
            raise UnknownPrincipal(f"who {settings.name} (run_as) is cannot be read: {in_one_line(error)}") from error
        if len(found) != 1:
            raise UnknownPrincipal(f"the workspace has {len(found)} service principals named {settings.name} (run_as)")
        name = str(found[0].application_id)
    return who_is(client, name)
