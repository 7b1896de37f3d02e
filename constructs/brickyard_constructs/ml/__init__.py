"""MLflow tracking."""

from brickyard_constructs.ml.experiment import Experiment, ExperimentProps

__all__ = ["Experiment", "ExperimentProps"]
