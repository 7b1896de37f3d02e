"""Unity Catalog: catalogs, schemas, volumes, tables, registered models, tags and the privileges on them."""

from brickyard_constructs.catalog.bindings import CatalogBinding
from brickyard_constructs.catalog.entity_tags import EntityTags, EntityTagsProps, TaggedEntity
from brickyard_constructs.catalog.environment_catalog import SCHEMAS, EnvironmentCatalog, EnvironmentCatalogProps
from brickyard_constructs.catalog.governed_model import GovernedModel, GovernedModelProps
from brickyard_constructs.catalog.governed_schema import GovernedSchema, GovernedSchemaProps
from brickyard_constructs.catalog.governed_table import Column, GovernedTable, GovernedTableProps
from brickyard_constructs.catalog.governed_volume import GovernedVolume, GovernedVolumeProps
from brickyard_constructs.catalog.grants import (
    Access,
    AdditionalGrants,
    Grant,
    Securable,
    SecurableGrants,
    SecurableName,
    govern,
)

__all__ = [
    "SCHEMAS",
    "Access",
    "AdditionalGrants",
    "CatalogBinding",
    "Column",
    "EntityTags",
    "EntityTagsProps",
    "EnvironmentCatalog",
    "EnvironmentCatalogProps",
    "GovernedModel",
    "GovernedModelProps",
    "GovernedSchema",
    "GovernedSchemaProps",
    "GovernedTable",
    "GovernedTableProps",
    "GovernedVolume",
    "GovernedVolumeProps",
    "Grant",
    "Securable",
    "SecurableGrants",
    "SecurableName",
    "TaggedEntity",
    "govern",
]
