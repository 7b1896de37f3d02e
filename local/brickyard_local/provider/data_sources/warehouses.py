"""databricks_sql_warehouse and databricks_sql_warehouses."""

from brickyard_local.provider.client import Api, segment
from brickyard_local.provider.data_sources.listing import NO_ID, all_pages
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import DataSource, Found, State

_WAREHOUSES = "/api/2.0/sql/warehouses"


class SqlWarehouse(DataSource):
    """One warehouse, by id or by name."""

    type_name = "databricks_sql_warehouse"

    def read(self, api: Api, config: State) -> Found:
        name, warehouse_id = config.get("name"), config.get("id")
        if not name and not warehouse_id:
            raise InvalidValue("either 'id' or 'name' should be provided")
        what = f"the name '{name}'" if name else f"the ID '{warehouse_id}'"
        sources = api.get("/api/2.0/preview/sql/data_sources")
        chosen = [s for s in sources if (s["name"] == name if name else s["warehouse_id"] == warehouse_id)]
        if not chosen:
            raise InvalidValue(f"can't find SQL warehouse with {what}")
        if len(chosen) > 1:
            raise InvalidValue(f"there are multiple SQL warehouses with {what}")
        found = api.get(f"{_WAREHOUSES}/{segment(chosen[0]['warehouse_id'])}")
        return {**found, "data_source_id": chosen[0]["id"]}


class SqlWarehouses(DataSource):
    """The ids of the warehouses whose name contains a text, whatever its letters."""

    type_name = "databricks_sql_warehouses"

    def read(self, api: Api, config: State) -> Found:
        part = str(config.get("warehouse_name_contains") or "").lower()
        found = all_pages(api, _WAREHOUSES, "warehouses")
        return {"id": NO_ID, "ids": sorted(item["id"] for item in found if part in item["name"].lower())}
