"""A job of staging and prod runs as a service principal: not as whoever deployed it, who may leave."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

_RUN = ("databricks_job", "databricks_pipeline")


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """Jobs and pipelines name a service principal in run_as."""
    if resource.kind not in _RUN or environment.stage not in ("staging", "prod"):
        return
    if not any(block.get("service_principal_name") for block in resource.blocks("run_as")):
        yield f"runs as whoever deploys it, which {environment.stage} does not allow; set run_as to a service principal"
