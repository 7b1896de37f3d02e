"""databricks_current_metastore."""

from brickyard_local.provider.client import Api
from brickyard_local.provider.resource import DataSource, Found, State


class CurrentMetastore(DataSource):
    """The metastore of the workspace."""

    type_name = "databricks_current_metastore"

    def read(self, api: Api, _config: State) -> Found:
        summary = api.get("/api/2.1/unity-catalog/metastore_summary")
        return {"id": summary["metastore_id"], "metastore_info": [summary]}
