"""databricks_registered_model, by full name."""

from brickyard_local.provider.client import Api, segment
from brickyard_local.provider.resource import DataSource, Found, State


class RegisteredModelByName(DataSource):
    """A registered model, with its aliases when `include_aliases` says so."""

    type_name = "databricks_registered_model"

    def read(self, api: Api, config: State) -> Found:
        query = {flag: "true" for flag in ("include_aliases", "include_browse") if config.get(flag)}
        model = api.get(f"/api/2.1/unity-catalog/models/{segment(str(config['full_name']))}", query)
        return {"model_info": [{"aliases": [], **model}]}
