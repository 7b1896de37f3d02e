"""What there is in a workspace and one of its catalogs, and what the reader may not see."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.errors import in_one_line

_PAGE = 1000
_UNITY = "/api/2.1/unity-catalog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One object: `name` is what people call it, `id` what Terraform imports it by, `facts` as the API tells them."""

    name: str
    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen:
    """A kind of object that was not read, and the answer that stood in the way."""

    kind: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """Everything that was read, by kind, and what was not."""

    catalog: str
    found: Mapping[str, tuple[Found, ...]]
    unseen: tuple[Unseen, ...]

    def of(self, kind: str) -> tuple[Found, ...]:
        """All of a kind."""
        return self.found.get(kind, ())

    def named(self, kind: str, name: str) -> tuple[Found, ...]:
        """Those of a kind with this name; groups and jobs may share one."""
        return tuple(found for found in self.of(kind) if found.name == name)


Reader = Callable[[WorkspaceClient, str], Iterator[Found]]


def read_inventory(client: WorkspaceClient, catalog: str) -> Inventory:
    """Ask for every kind; a refusal is noted and does not stop the rest."""
    found: dict[str, tuple[Found, ...]] = {}
    unseen: list[Unseen] = []
    for kind, read in READERS.items():
        try:
            found[kind] = tuple(read(client, catalog))
        except (DatabricksError, TimeoutError) as error:
            unseen.append(Unseen(kind=kind, why=in_one_line(error)))
    return Inventory(catalog=catalog, found=found, unseen=tuple(unseen))


def _get(client: WorkspaceClient, path: str, **query: Any) -> dict[str, Any]:
    # The API's own words: the SDK's enums drop what they do not know, such as a newer privilege.
    answer: Any = client.api_client.do("GET", path, query=query)
    return dict(answer or {})


def _catalogs(client: WorkspaceClient, catalog: str) -> Iterator[Found]:
    facts = _get(client, f"{_UNITY}/catalogs/{catalog}")
    yield Found(name=catalog, id=catalog, facts=facts)


def _schemas(client: WorkspaceClient, catalog: str) -> Iterator[Found]:
    for schema in client.schemas.list(catalog):
        if schema.name != "information_schema":
            name = f"{catalog}.{schema.name}"
            yield Found(name=name, id=name, facts=schema.as_dict())


def _in_schemas(client: WorkspaceClient, catalog: str, method: str) -> Iterator[Found]:
    for schema in _schemas(client, catalog):
        listed = getattr(client, method).list(catalog_name=catalog, schema_name=schema.facts["name"])
        for item in listed:
            yield Found(name=str(item.full_name), id=str(item.full_name), facts=item.as_dict())


def _volumes(client: WorkspaceClient, catalog: str) -> Iterator[Found]:
    yield from _in_schemas(client, catalog, "volumes")


def _models(client: WorkspaceClient, catalog: str) -> Iterator[Found]:
    yield from _in_schemas(client, catalog, "registered_models")


def _bindings(client: WorkspaceClient, catalog: str) -> Iterator[Found]:
    for binding in client.workspace_bindings.get_bindings("catalog", catalog):
        id_ = f"{binding.workspace_id}|catalog|{catalog}"
        yield Found(name=id_, id=id_, facts=binding.as_dict())


def _groups(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for group in client.groups.list(attributes="id,displayName,meta"):
        yield Found(name=str(group.display_name), id=str(group.id))


def _service_principals(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for principal in client.service_principals.list():
        facts = {"application_id": principal.application_id}
        yield Found(name=str(principal.display_name), id=str(principal.id), facts=facts)


def _jobs(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for job in client.jobs.list():
        settings = job.settings.as_dict() if job.settings else {}
        yield Found(name=str(settings.get("name")), id=str(job.job_id), facts=settings)


def _experiments(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for experiment in client.experiments.search_experiments(max_results=_PAGE):
        yield Found(name=str(experiment.name), id=str(experiment.experiment_id))


def _endpoints(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for endpoint in client.serving_endpoints.list():
        yield Found(name=str(endpoint.name), id=str(endpoint.name), facts=endpoint.as_dict())


def _policies(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for policy in client.cluster_policies.list():
        yield Found(name=str(policy.name), id=str(policy.policy_id), facts=policy.as_dict())


def _warehouses(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for warehouse in client.warehouses.list():
        yield Found(name=str(warehouse.name), id=str(warehouse.id), facts=warehouse.as_dict())


def _scopes(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for scope in client.secrets.list_scopes():
        yield Found(name=str(scope.name), id=str(scope.name))


def _storage_credentials(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for credential in client.storage_credentials.list():
        yield Found(name=str(credential.name), id=str(credential.name), facts=credential.as_dict())


def _external_locations(client: WorkspaceClient, _catalog: str) -> Iterator[Found]:
    for location in client.external_locations.list():
        yield Found(name=str(location.name), id=str(location.name), facts=location.as_dict())


READERS: Mapping[str, Reader] = {
    "catalog": _catalogs,
    "schema": _schemas,
    "volume": _volumes,
    "registered model": _models,
    "workspace binding": _bindings,
    "group": _groups,
    "service principal": _service_principals,
    "job": _jobs,
    "experiment": _experiments,
    "endpoint": _endpoints,
    "cluster policy": _policies,
    "SQL warehouse": _warehouses,
    "secret scope": _scopes,
    "storage credential": _storage_credentials,
    "external location": _external_locations,
}
