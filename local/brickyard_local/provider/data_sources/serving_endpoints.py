"""databricks_serving_endpoints: all endpoints the caller sees."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import Api
from brickyard_local.provider.resource import DataSource, Found, State


class ServingEndpoints(DataSource):
    """All endpoints. The API's single objects are lists of one in this schema."""

    type_name = "databricks_serving_endpoints"

    def read(self, api: Api, _config: State) -> Found:
        endpoints = api.get("/api/2.0/serving-endpoints").get("endpoints") or []
        return {"endpoints": [_listed(endpoint) for endpoint in endpoints]}


def _listed(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Empty lists instead of nulls, as the genuine provider reports them."""
    return {"ai_gateway": [], "tags": [], **endpoint}
