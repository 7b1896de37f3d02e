"""databricks_current_config."""

from brickyard_local.provider.client import Api
from brickyard_local.provider.data_sources.listing import NO_ID
from brickyard_local.provider.resource import DataSource, Found, State


class CurrentConfig(DataSource):
    """What the provider is configured with: here always a token. The genuine one takes a host of no cloud for AWS."""

    type_name = "databricks_current_config"

    def read(self, api: Api, _config: State) -> Found:
        return {"auth_type": "pat", "cloud_type": "aws", "host": api.host, "id": NO_ID, "is_account": False}
