"""How a model comes from one environment into the next, and whether somebody must approve it there."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Kebab, Strict

Approval = Literal["automatic", "required"]


class Promotion(Strict):
    """By code: each environment trains for itself. By model: the champion of one is copied into the next."""

    by: Literal["code", "model"] = Field(
        default="code", description="code: trained in each environment; model: the approved version is copied up"
    )
    path: Annotated[tuple[Kebab, ...], Field(strict=False)] = Field(
        default=(), description="for by: model, the environments in order; the first trains"
    )
    approval: Approval = Field(
        default="automatic",
        description="required: nothing is deployed before somebody approves it; an environment may ask for it, too",
    )

    def broken_rules(self) -> Iterable[Broken]:
        """A path leads somewhere, and only models walk it."""
        if self.by == "model" and len(self.path) < 2:
            yield Broken(key=("path",), rule="by: model needs two environments at least, such as [dev, prod]")
        if self.by == "code" and self.path:
            yield Broken(key=("path",), rule="is for by: model; by code every environment trains for itself")
        if len(set(self.path)) != len(self.path):
            yield Broken(key=("path",), rule="names each environment once")
