"""For a resource of a stack: is it there already, and by which id does Terraform import it?

One function for each type, in a table. A type that is not in the table is made new, and the report says so.
Source: registry.terraform.io/providers/databricks/databricks/latest/docs (each resource's section Import)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.platform import NotFound

from brickyard.adopt.inventory import Inventory
from brickyard.adopt.synthesised import StackNames
from brickyard.errors import CannotAdopt

Arguments = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """Where to look: the inventory, and the workspace for what is not listed in it."""

    client: WorkspaceClient
    inventory: Inventory
    me: str


Finder = Callable[[Workspace, StackNames, Arguments], str | None]

# Argument of databricks_grants -> the securable's kind in the grants API.
_SECURABLES = {
    "catalog": "catalog",
    "schema": "schema",
    "volume": "volume",
    "model": "function",
    "table": "table",
    "external_location": "external_location",
    "storage_credential": "storage_credential",
}
# Argument of databricks_permissions -> the collection in the permissions API.
_OBJECTS = {
    "directory_id": "directories",
    "job_id": "jobs",
    "experiment_id": "experiments",
    "serving_endpoint_id": "serving-endpoints",
    "cluster_policy_id": "cluster-policies",
    "sql_endpoint_id": "sql/warehouses",
    "instance_pool_id": "instance-pools",
}


def import_id(workspace: Workspace, names: StackNames, kind: str, arguments: Arguments) -> str | None:
    """The id to import by, or None when there is nothing yet. Errors: CannotAdopt, for two of one name."""
    find = FINDERS.get(kind)
    return find(workspace, names, arguments) if find else None


def _full_name(kind: str, *parts: str) -> Finder:
    def find(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
        texts = [names.text(arguments.get(part)) for part in parts]
        name = None if None in texts else ".".join(str(text) for text in texts)
        return name if name and workspace.inventory.named(kind, name) else None

    return find


def _listed(kind: str, argument: str) -> Finder:
    """Objects that the workspace gives an id; their names may be doubled."""

    def find(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
        name = names.text(arguments.get(argument))
        found = workspace.inventory.named(kind, name) if name else ()
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            raise CannotAdopt(
                f"There are {len(found)} objects of kind {kind} named '{name}' ({ids}); Terraform imports one. "
                "Rename or delete the others, then run `brickyard adopt` again."
            )
        return found[0].id if found else None

    return find


def _binding(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    name = names.text(arguments.get("securable_name") or arguments.get("catalog_name"))
    id_ = f"{names.text(arguments.get('workspace_id'))}|catalog|{name}"
    return id_ if workspace.inventory.named("workspace binding", id_) else None


def _grants(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    """Terraform imports a set of grants only where there is one."""
    for argument, securable in _SECURABLES.items():
        name = names.text(arguments.get(argument))
        if name is None:
            continue
        path = f"/api/2.1/unity-catalog/permissions/{securable}/{name}"
        answer = _answer(workspace, path)
        return f"{argument}/{name}" if answer.get("privilege_assignments") else None
    return None


def _permissions(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    """As the provider reads: the administrators' right and the caller's own are not part of the list."""
    for argument, collection in _OBJECTS.items():
        object_id = names.text(arguments.get(argument)) or _folder_id(workspace, names, arguments, argument)
        if object_id is None:
            continue
        entries = _answer(workspace, f"/api/2.0/permissions/{collection}/{object_id}").get("access_control_list", ())
        counted = [entry for entry in entries if _is_direct(entry) and not _is_hidden(entry, workspace.me)]
        return f"/{collection}/{object_id}" if counted else None
    return None


def _folder_id(workspace: Workspace, names: StackNames, arguments: Arguments, argument: str) -> str | None:
    """Folders are in no list: the workspace is asked for the path of the one that is referred to."""
    if argument != "directory_id" or argument not in arguments:
        return None
    path = names.text(str(arguments[argument]).replace(".object_id}", ".path}"))
    status = _answer(workspace, "/api/2.0/workspace/get-status", {"path": path}) if path else {}
    return str(status["object_id"]) if "object_id" in status else None


def _is_direct(entry: Mapping[str, Any]) -> bool:
    return any(not permission.get("inherited") for permission in entry.get("all_permissions", ()))


def _is_hidden(entry: Mapping[str, Any], me: str) -> bool:
    return entry.get("group_name") == "admins" or me in (entry.get("user_name"), entry.get("service_principal_name"))


def _directory(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    path = names.text(arguments.get("path"))
    status = _answer(workspace, "/api/2.0/workspace/get-status", {"path": path}) if path else {}
    return path if status.get("object_type") == "DIRECTORY" else None


def _acl(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    scope, principal = names.text(arguments.get("scope")), names.text(arguments.get("principal"))
    if not scope or not principal:
        return None
    found = _answer(workspace, "/api/2.0/secrets/acls/get", {"scope": scope, "principal": principal})
    return f"{scope}|||{principal}" if found else None


def _table(workspace: Workspace, names: StackNames, arguments: Arguments) -> str | None:
    parts = [names.text(arguments.get(part)) for part in ("catalog_name", "schema_name", "name")]
    name = ".".join(str(part) for part in parts)
    found = None if None in parts else _answer(workspace, f"/api/2.1/unity-catalog/tables/{name}")
    return name if found else None


def _answer(workspace: Workspace, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the workspace says, or nothing when there is no such thing."""
    try:
        answer: Any = workspace.client.api_client.do("GET", path, query=dict(query or {}))
    except NotFound:
        return {}
    return dict(answer or {})


FINDERS: Mapping[str, Finder] = {
    "databricks_catalog": _full_name("catalog", "name"),
    "databricks_schema": _full_name("schema", "catalog_name", "name"),
    "databricks_volume": _full_name("volume", "catalog_name", "schema_name", "name"),
    "databricks_registered_model": _full_name("registered model", "catalog_name", "schema_name", "name"),
    "databricks_sql_table": _table,
    "databricks_storage_credential": _full_name("storage credential", "name"),
    "databricks_external_location": _full_name("external location", "name"),
    "databricks_workspace_binding": _binding,
    "databricks_grants": _grants,
    "databricks_permissions": _permissions,
    "databricks_group": _listed("group", "display_name"),
    "databricks_service_principal": _listed("service principal", "display_name"),
    "databricks_job": _listed("job", "name"),
    "databricks_mlflow_experiment": _listed("experiment", "name"),
    "databricks_model_serving": _listed("endpoint", "name"),
    "databricks_cluster_policy": _listed("cluster policy", "name"),
    "databricks_sql_endpoint": _listed("SQL warehouse", "name"),
    "databricks_secret_scope": _listed("secret scope", "name"),
    "databricks_secret_acl": _acl,
    "databricks_directory": _directory,
}
