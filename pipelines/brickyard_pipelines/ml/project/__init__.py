"""The `workflow` block of a project's project.yaml: which functions, which split, which bar to clear."""

from brickyard_pipelines.ml.project.features import FeatureTable, Labels
from brickyard_pipelines.ml.project.gate import Bound, Budgets, Gate, Sanity, SliceGuard
from brickyard_pipelines.ml.project.load import load_project, refer
from brickyard_pipelines.ml.project.periods import Months, Period, RollingSplit, SplitByTime
from brickyard_pipelines.ml.project.promotion import Canary, Promotion
from brickyard_pipelines.ml.project.training import Training
from brickyard_pipelines.ml.project.workflow import Project, Workflow

__all__ = [
    "Bound",
    "Budgets",
    "Canary",
    "FeatureTable",
    "Gate",
    "Labels",
    "Months",
    "Period",
    "Project",
    "Promotion",
    "RollingSplit",
    "Sanity",
    "SliceGuard",
    "SplitByTime",
    "Training",
    "Workflow",
    "load_project",
    "refer",
]
