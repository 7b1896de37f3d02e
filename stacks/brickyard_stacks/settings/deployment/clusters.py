"""A job cluster of a project's job: for what serverless compute is not made for, such as GPUs."""

from typing import Literal

from pydantic import Field

from brickyard_stacks.settings.deployment.tasks import Parameters
from brickyard_stacks.settings.strict import Kebab, Strict, Text


class Cluster(Strict):
    """A job cluster, sized by the environment's node types."""

    policy: Literal["job", "gpu"] = Field(
        default="job", description="which policy's rules it keeps, and whose node types it takes"
    )
    node_type: Text | None = Field(default=None, description="default: the environment's first, of GPUs for policy gpu")
    workers: int = Field(default=0, ge=0, le=1000, description="0 is one machine, up to 1000")
    runtime: Text | None = Field(default=None, description="a Databricks Runtime's key; default: the policy's")
    pool: Kebab | None = Field(default=None, description="one of the environment's pools")
    spark_conf: Parameters = Field(default={}, description="Spark's settings")
