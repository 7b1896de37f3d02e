"""A project's `project.yaml` as the stacks read it; its `workflow` block belongs to the pipelines."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from brickyard_stacks.settings.deployment import Deployment, Serving
from brickyard_stacks.settings.deployment.endpoints import Endpoint
from brickyard_stacks.settings.deployment.models import Model
from brickyard_stacks.settings.strict import Broken, Snake, Strict, Text


class Project(Strict):
    """A use case: its folder and import package are called `name`."""

    name: Snake = Field(description="as the folder is called")
    title: Text = Field(description="what it is, in a line")
    deployment: Deployment = Field(default_factory=Deployment)
    workflow: Any = Field(default=None, description="the pipelines' own block, which they check themselves")

    @property
    def slug(self) -> str:
        """The name as it stands in the names of stacks, jobs and endpoints."""
        return self.name.replace("_", "-")

    @property
    def models(self) -> Mapping[str, Model]:
        """The registered models by name: those given, or one called as the project."""
        return {self.name: Model()} if self.deployment.models is None else self.deployment.models

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The endpoints by name: those given, or one called as the project, of its first model."""
        if self.deployment.endpoints is not None:
            return self.deployment.endpoints
        if not self.models:
            return {}
        size = self.deployment.serving or Serving()
        model = next(iter(self.models))
        return {self.slug: Endpoint(model=model, workload_size=size.workload_size, scale_to_zero=size.scale_to_zero)}

    def broken_rules(self) -> Iterable[Broken]:
        """An endpoint serves a model that the project has."""
        for name, endpoint in (self.deployment.endpoints or {}).items():
            if endpoint.model not in self.models:
                rule = f"must be one of the project's models: {', '.join(self.models) or 'none'}"
                yield Broken(key=("deployment", "endpoints", name, "model"), rule=rule, choices=tuple(self.models))
        if self.deployment.serving is not None and len(self.models) != 1:
            rule = f"the short form is for a project of one model; this one has {len(self.models)}: write endpoints"
            yield Broken(key=("deployment", "serving"), rule=rule)
