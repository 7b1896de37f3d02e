"""Read what a stack will be called by, before anything is applied: `${…}` in its JSON, resolved where it can be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brickyard.adopt.inventory import Inventory

_REFERENCE = re.compile(r"\$\{(data\.)?([a-z0-9_]+)\.([A-Za-z0-9_-]+)(?:\[0\])?\.([a-z_]+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class StackNames:
    """The names in one stack's cdk.tf.json; what only an apply would tell stays unknown (None)."""

    document: Mapping[str, Any]
    inventory: Inventory

    def resources(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Type, id and arguments of every resource."""
        kinds: Mapping[str, Mapping[str, Any]] = self.document.get("resource", {})
        return [(kind, name, arguments) for kind, named in kinds.items() for name, arguments in named.items()]

    def text(self, value: object) -> str | None:
        """A literal, or what its references lead to."""
        if value is None:
            return None
        unknown = False

        def resolve(match: re.Match[str]) -> str:
            nonlocal unknown
            found = self._attribute(bool(match[1]), match[2], match[3], match[4])
            unknown = unknown or found is None
            return found or ""

        resolved = _REFERENCE.sub(resolve, str(value))
        return None if unknown or "${" in resolved else resolved

    def _attribute(self, is_data: bool, kind: str, name: str, attribute: str) -> str | None:
        block = self.document.get("data" if is_data else "resource", {}).get(kind, {}).get(name)
        if block is None:
            return None
        if attribute in block:
            return self.text(block[attribute])
        return self._told_by_the_workspace(kind, attribute, block)

    def _told_by_the_workspace(self, kind: str, attribute: str, block: Mapping[str, Any]) -> str | None:
        if kind in _FULL_NAMES and attribute in ("id", "full_name"):
            parts = [self.text(block.get(part)) for part in _FULL_NAMES[kind]]
            return None if None in parts else ".".join(str(part) for part in parts)
        listed, name_argument = _LISTED.get(kind, (None, ""))
        name = self.text(block.get(name_argument)) if listed else None
        found = self.inventory.named(listed, name) if listed and name else ()
        if len(found) != 1:
            return None
        return str(found[0].facts[attribute]) if attribute in found[0].facts else found[0].id


# Argument names that make an object's full name, which is its id.
_FULL_NAMES: Mapping[str, tuple[str, ...]] = {
    "databricks_catalog": ("name",),
    "databricks_schema": ("catalog_name", "name"),
    "databricks_volume": ("catalog_name", "schema_name", "name"),
    "databricks_registered_model": ("catalog_name", "schema_name", "name"),
    "databricks_sql_table": ("catalog_name", "schema_name", "name"),
}
# Kinds of the inventory whose id the workspace gave, and the argument that holds the name.
_LISTED: Mapping[str, tuple[str, str]] = {
    "databricks_group": ("group", "display_name"),
    "databricks_service_principal": ("service principal", "display_name"),
    "databricks_job": ("job", "name"),
    "databricks_mlflow_experiment": ("experiment", "name"),
    "databricks_model_serving": ("endpoint", "name"),
    "databricks_cluster_policy": ("cluster policy", "name"),
    "databricks_sql_endpoint": ("SQL warehouse", "name"),
}
