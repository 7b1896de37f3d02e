"""Data sources of Unity Catalog: one securable by name, or the names of many."""

from typing import ClassVar

from brickyard_local.provider.client import Api, segment
from brickyard_local.provider.data_sources.listing import NO_ID, all_pages
from brickyard_local.provider.resource import DataSource, Found, State
from brickyard_local.provider.resources.catalog.securable import UNITY


class _ByName(DataSource):
    """A row names the collection, the block the securable goes to, and the field which is the id."""

    collection: ClassVar[str]
    block: ClassVar[str]
    id_field: ClassVar[str] = "name"

    def read(self, api: Api, config: State) -> Found:
        found = api.get(f"{UNITY}/{self.collection}/{segment(str(config['name']))}")
        return {"id": found[self.id_field], self.block: [found]}


class CatalogByName(_ByName):
    """A catalog."""

    type_name = "databricks_catalog"
    collection = "catalogs"
    block = "catalog_info"


class StorageCredentialByName(_ByName):
    """A storage credential."""

    type_name = "databricks_storage_credential"
    collection = "storage-credentials"
    block = "storage_credential_info"
    id_field = "id"


class ExternalLocationByName(_ByName):
    """An external location."""

    type_name = "databricks_external_location"
    collection = "external-locations"
    block = "external_location_info"


class Catalogs(DataSource):
    """The catalogs that the caller sees."""

    type_name = "databricks_catalogs"

    def read(self, api: Api, _config: State) -> Found:
        return {"id": NO_ID, "ids": [each["name"] for each in all_pages(api, f"{UNITY}/catalogs", "catalogs")]}


class Schemas(DataSource):
    """The schemas of a catalog."""

    type_name = "databricks_schemas"

    def read(self, api: Api, config: State) -> Found:
        query = {"catalog_name": str(config["catalog_name"])}
        return {"id": NO_ID, "ids": [s["full_name"] for s in all_pages(api, f"{UNITY}/schemas", "schemas", query)]}


class Tables(DataSource):
    """The tables of a schema, its views not among them."""

    type_name = "databricks_tables"

    def read(self, api: Api, config: State) -> Found:
        query = {name: str(config[name]) for name in ("catalog_name", "schema_name")}
        found = all_pages(api, f"{UNITY}/tables", "tables", query)
        return {"id": NO_ID, "ids": [table["full_name"] for table in found if table["table_type"] != "VIEW"]}


class RegisteredModelVersions(DataSource):
    """The versions of a registered model."""

    type_name = "databricks_registered_model_versions"

    def read(self, api: Api, config: State) -> Found:
        path = f"{UNITY}/models/{segment(str(config['full_name']))}/versions"
        return {"model_versions": list(all_pages(api, path, "model_versions"))}
