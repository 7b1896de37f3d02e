"""An endpoint of prod records its requests and answers: what was served can be looked at, monitored and explained."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

_ENDPOINTS = ("databricks_model_serving", "databricks_model_serving_provisioned_throughput")


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """ai_gateway.inference_table_config is enabled."""
    if resource.kind not in _ENDPOINTS or environment.stage != "prod":
        return
    tables = resource.blocks("ai_gateway", "inference_table_config")
    if not any(table.get("enabled") is True for table in tables):
        yield "keeps no inference table in prod; set gateway.inference_table of the endpoint in project.yaml to true"
