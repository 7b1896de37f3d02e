"""Which workspaces see an isolated securable."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cdktf_cdktf_provider_databricks.workspace_binding import WorkspaceBinding
from constructs import Construct

from brickyard_constructs.checks import check_at_least

Bindable: TypeAlias = Literal["catalog", "external_location", "storage_credential"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogBinding:
    """Another workspace that sees the catalog. Databricks binds the creating workspace by itself."""

    workspace_id: int
    read_only: bool = True

    def __post_init__(self) -> None:
        check_at_least("workspace_id", self.workspace_id, 1)


def bind(scope: Construct, securable: Bindable, name: str, binding: CatalogBinding) -> None:
    """Bind one more workspace to an isolated securable; only catalogs can be bound read-only.

    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/workspace_binding
    """
    WorkspaceBinding(
        scope,
        f"binding-{binding.workspace_id}",
        securable_type=securable,
        securable_name=name,
        workspace_id=binding.workspace_id,
        binding_type="BINDING_TYPE_READ_ONLY" if binding.read_only else "BINDING_TYPE_READ_WRITE",
    )
