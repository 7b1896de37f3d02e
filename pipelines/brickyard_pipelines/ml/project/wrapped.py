"""The workflow of a team that has everything already: its own training says how good it was, and we hold it to that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.project.gate import Bound
from brickyard_pipelines.ml.project.promotion import Promotion


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """What the metrics must be that the team's own training logged in its run."""

    thresholds: Mapping[str, Bound]

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise InvalidProject("workflow.reported.thresholds: empty, so every model would pass. State at least one.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    """A workflow without tables of ours: nothing but the bar that the team's own metrics must clear.

    A step of ours that needs more names what is missing: it asks for a block of `Workflow` that is not here.
    """

    reported: Reported
    promotion: Promotion = field(default_factory=Promotion)
    existing_model: ExistingModel | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InvalidProject(
            f"workflow.{name} is missing: this step needs it, and project.yaml has only workflow.reported. Describe the"
            " tables there, or let the team's own work do the step (deployment.job.steps)."
        )
