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

    @property
    def online_references(self) -> tuple[str, ...]:
        """What a request is filled in from by an online store. Whatever else is in the block, the pipelines check."""
        block = self.workflow
        for key in ("features", "request", "references"):
            block = block.get(key) if isinstance(block, Mapping) else None
        asked = block.items() if isinstance(block, Mapping) else ()
        return tuple(
            name
            for name, reference in asked
            if isinstance(name, str) and isinstance(reference, Mapping) and reference.get("store") == "online"
        )

    def broken_rules(self) -> Iterable[Broken]:
        """An endpoint serves a model that the project has, and what asks an online store has one."""
        for name, endpoint in (self.deployment.endpoints or {}).items():
            if endpoint.model not in self.models:
                rule = f"must be one of the project's models: {', '.join(self.models) or 'none'}"
                yield Broken(key=("deployment", "endpoints", name, "model"), rule=rule, choices=tuple(self.models))
        if self.deployment.serving is not None and len(self.models) != 1:
            rule = f"the short form is for a project of one model; this one has {len(self.models)}: write endpoints"
            yield Broken(key=("deployment", "serving"), rule=rule)
        yield from self._rules_of_online_store()

    def _rules_of_online_store(self) -> Iterable[Broken]:
        """Rows that are packed with the model would be other values: nothing falls back to them."""
        named, asked = self.deployment.online_store, self.online_references
        if named is not None and not asked:
            rule = "a store that costs and serves nothing: no reference of workflow.features.request has store: online"
            yield Broken(key=("deployment", "online_store"), rule=f"{rule}; write it there, or remove this key")
        for name in asked if named is None else ():
            rule = "needs deployment.online_store, one of compute.online_stores of the environment; or write packed"
            yield Broken(key=("workflow", "features", "request", "references", name, "store"), rule=rule)
        if asked and self.deployment.promotion.by == "model":
            rule = (
                "a version that is copied up asks the store of the environment that trained it: code, or store: packed"
            )
            yield Broken(key=("deployment", "promotion", "by"), rule=rule)
