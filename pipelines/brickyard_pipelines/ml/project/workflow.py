"""The `workflow` block as a whole: a block of it per module beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.project.features import FeatureTable, Labels
from brickyard_pipelines.ml.project.gate import Gate
from brickyard_pipelines.ml.project.inference import Inference
from brickyard_pipelines.ml.project.ingest import GoldTable, SourceFiles
from brickyard_pipelines.ml.project.monitoring import Monitoring
from brickyard_pipelines.ml.project.periods import Period, RollingSplit, SplitByTime
from brickyard_pipelines.ml.project.promotion import Promotion
from brickyard_pipelines.ml.project.retraining import Retraining
from brickyard_pipelines.ml.project.training import Training


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """Everything that the steps need to know about one project."""

    contract: str
    features: FeatureTable
    labels: Labels
    split: SplitByTime | RollingSplit
    training: Training = field(default_factory=Training)
    baseline_groups: tuple[str, ...]
    gate: Gate
    batch: Period | None = None
    land: str | None = None
    sources: Mapping[str, SourceFiles] = field(default_factory=dict)
    gold: tuple[GoldTable, ...] = ()
    inference: Inference = field(default_factory=Inference)
    promotion: Promotion = field(default_factory=Promotion)
    existing_model: ExistingModel | None = None
    monitoring: Monitoring = field(default_factory=Monitoring)
    retraining: Retraining = field(default_factory=Retraining)


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project's import name and its workflow."""

    name: str
    title: str
    workflow: Workflow
