"""A project's registered models."""

from pydantic import Field

from brickyard_stacks.settings.strict import Strict, Text


class Model(Strict):
    """A registered model in the schema `models`."""

    title: Text | None = Field(default=None, description="default: the project's title")
    deployment_job: bool = Field(default=False, description="whether a new version starts the project's deployment job")
