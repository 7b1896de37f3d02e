"""Unity Catalog of the local account: one metastore over all workspaces."""

from brickyard_local.catalog.service import CatalogService

__all__ = ["CatalogService"]
