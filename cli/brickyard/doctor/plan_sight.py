"""What does this sign-in not see? A plan by one who sees less shows less, and does not say so by itself."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight
from brickyard.environment import names_of
from brickyard.errors import in_one_line

_CHECK = "sight"
_ALWAYS = "never seen by any plan: values of secrets, rows of tables, what members of nested account groups may do"


def plan_sight(preflight: Preflight) -> Iterator[Finding]:
    """Reads what a refresh reads of the catalog and the projects; every refusal by name."""
    client = preflight.client
    if client is None:
        return
    hidden = 0
    for what, read in _reads(client, preflight):
        try:
            read()
        except NotFound:
            continue  # not made yet, or hidden as if it were not there: Databricks does not tell the two apart
        except (DatabricksError, TimeoutError) as error:
            hidden += 1
            fix = "a plan with this sign-in fails or differs there: plan with -refresh=false, and look for drift as"
            fix += " who applies; Databricks shows lists of grants only to who may change them"
            yield Finding(check=_CHECK, status="warning", said=f"{what}: {in_one_line(error)[:160]}", fix=fix)
    if not hidden:
        yield Finding(check=_CHECK, status="ok", said=f"what is there can be read; {_ALWAYS}")
    else:
        yield Finding(check=_CHECK, status="ok", said=_ALWAYS)


def _reads(client: WorkspaceClient, preflight: Preflight) -> Iterator[tuple[str, Callable[[], Any]]]:
    environment = preflight.environment
    catalog = environment.catalog.name
    yield f"catalog {catalog}", partial(client.catalogs.get, catalog)
    yield f"grants on catalog {catalog}", partial(_grants, client, "catalog", catalog)
    for schema, _ in environment.catalog.schemas:
        full_name = f"{catalog}.{schema}"
        yield f"grants on schema {full_name}", partial(_grants, client, "schema", full_name)
    for names in names_of(preflight.clone, environment.name).projects:
        for model in names.models:
            full_name = names.model_called(model)
            yield f"grants on model {full_name}", partial(_grants, client, "function", full_name)
        yield f"permissions of job {names.job}", partial(_job_permissions, client, names.job)
    for scope in environment.secrets.scopes:
        yield f"access list of secret scope {scope}", partial(_acls, client, scope)


def _grants(client: WorkspaceClient, kind: str, name: str) -> Any:
    return client.api_client.do("GET", f"/api/2.1/unity-catalog/permissions/{kind}/{name}")


def _job_permissions(client: WorkspaceClient, name: str) -> None:
    for job in client.jobs.list(name=name):
        client.permissions.get("jobs", str(job.job_id))


def _acls(client: WorkspaceClient, scope: str) -> None:
    list(client.secrets.list_acls(scope))
