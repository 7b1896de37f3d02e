"""What a project trains with: its function, its parameters, and what may be tried for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.project.tuning import Tuning

REFERENCE = "brickyard_pipelines.ml.training.reference:train"


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """The project's function that fits a model, and its parameters; without one, the reference model's.

    `requirements` are packages that the model needs besides its own library, pinned as they are installed.
    """

    function: str = REFERENCE
    parameters: Mapping[str, Any] = field(default_factory=dict)
    task: Literal["classification", "regression"] = "classification"
    skops_trusted_types: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    explain: Literal["auto", "shap", "permutation"] = "auto"
    tuning: Tuning | None = None

    def __post_init__(self) -> None:
        if self.task == "regression":
            raise InvalidProject(
                "workflow.training.task: regression is not supported yet: baselines, gate and inference table compare"
                " probabilities of a 0/1 label. Predict whether a value passes a limit, or train outside"
                " (deployment.job.steps.train) and validate there."
            )
        twice = sorted(set(self.parameters) & set(self.tuning.space)) if self.tuning else []
        if twice:
            raise InvalidProject(
                f"workflow.training.tuning.space: {', '.join(twice)} stands in workflow.training.parameters too:"
                " a parameter is either given or looked for."
            )
