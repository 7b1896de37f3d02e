"""Unity Catalog: catalogs, schemas, volumes, registered models and the privileges on them."""

from brickyard_constructs.catalog.environment_catalog import (
    SCHEMAS,
    CatalogBinding,
    EnvironmentCatalog,
    EnvironmentCatalogProps,
)
from brickyard_constructs.catalog.governed_model import GovernedModel, GovernedModelProps
from brickyard_constructs.catalog.governed_volume import GovernedVolume, GovernedVolumeProps
from brickyard_constructs.catalog.grants import Access, Grant, Securable, SecurableGrants

__all__ = [
    "SCHEMAS",
    "Access",
    "CatalogBinding",
    "EnvironmentCatalog",
    "EnvironmentCatalogProps",
    "GovernedModel",
    "GovernedModelProps",
    "GovernedVolume",
    "GovernedVolumeProps",
    "Grant",
    "Securable",
    "SecurableGrants",
]
