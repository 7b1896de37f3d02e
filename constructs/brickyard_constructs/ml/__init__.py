"""MLflow: experiments, and the jobs that new versions of models start. Registered models are Unity Catalog's."""

from brickyard_constructs.ml.deployment_job import DeploymentJob, DeploymentJobConnection, DeploymentJobProps
from brickyard_constructs.ml.experiment import Experiment, ExperimentProps

__all__ = ["DeploymentJob", "DeploymentJobConnection", "DeploymentJobProps", "Experiment", "ExperimentProps"]
