"""The `workflow` block as a whole: a block of it per module beside this one."""

from dataclasses import dataclass

from brickyard_pipelines.ml.project.features import FeatureTable, Labels
from brickyard_pipelines.ml.project.gate import Gate
from brickyard_pipelines.ml.project.periods import Period, SplitByTime
from brickyard_pipelines.ml.project.training import Training


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """Everything that the steps need to know about one project."""

    land: str
    contract: str
    features: FeatureTable
    labels: Labels
    split: SplitByTime
    training: Training
    baseline_groups: tuple[str, ...]
    gate: Gate
    batch: Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project's import name and its workflow."""

    name: str
    title: str
    workflow: Workflow
