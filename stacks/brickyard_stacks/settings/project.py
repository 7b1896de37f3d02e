"""A project's `project.yaml` as the stacks read it; its `workflow` block belongs to the pipelines."""

from typing import Annotated, Any, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Snake, Strict, Tags, Text


class Schedule(Strict):
    """When Databricks starts the job by itself."""

    quartz_cron: Text
    timezone: Text = "UTC"


class Job(Strict):
    """How the project's job runs."""

    timeout_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60, description="whole minutes, from 1 to 10080")] = 60
    max_retries: Annotated[int, Field(ge=0, le=10, description="a whole number from 0 to 10")] = 0
    schedule: Schedule | None = None


class Serving(Strict):
    """How large the project's endpoint is."""

    workload_size: Literal["Small", "Medium", "Large"] = "Small"
    scale_to_zero: bool = True


class Deployment(Strict):
    """What Terraform deploys for the project."""

    tags: Tags = Field(default={})
    job: Job = Job()
    serving: Serving = Serving()


class Project(Strict):
    """A use case: its folder and import package are called `name`."""

    name: Snake
    title: Text
    deployment: Deployment = Deployment()
    workflow: Any = None

    @property
    def slug(self) -> str:
        """The name as it stands in the names of stacks, jobs and endpoints."""
        return self.name.replace("_", "-")
