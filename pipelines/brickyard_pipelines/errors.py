"""What can go wrong in a step. Only a step's `main` turns one into an exit code."""


class PipelineError(Exception):
    """Base of all: a sentence that says what was got, the rule and the fix."""


class InvalidProject(PipelineError):
    """Raised when project.yaml's `workflow` block or what it refers to cannot be used."""


class MissingArgument(PipelineError):
    """Raised when a step needs an argument that this call does not give."""


class NotInAJob(PipelineError):
    """Raised when a task value is handed on outside a job, where nobody would receive it."""


class UnusableSource(PipelineError):
    """Raised when the files that a project lands do not fit its data contract."""


class Disturbed(PipelineError):
    """Raised when other runs write the same table at the same moment, again and again."""


class MissingTable(PipelineError):
    """Raised when a step reads a table that the step before it has not written."""


class UnusableRows(PipelineError):
    """Raised when a period holds too few rows or only one class, so that nothing can be learnt or judged."""


class LookAhead(PipelineError):
    """Raised when features of the past change with the future: a leak."""


class UnusablePredictions(PipelineError):
    """Raised when a model answers anything but one finite probability per row."""


class UnusableModel(PipelineError):
    """Raised when a train function returns no model, or one that cannot be kept, loaded or asked."""


class TuningFailed(PipelineError):
    """Raised when tuning ends without one trial that was finished, or cannot run as it is configured."""


class UnclearVersion(PipelineError):
    """Raised when it cannot be said which model version a team's own training registered."""


class BrokenContract(PipelineError):
    """Raised when a table or version that a team's own step made is not what the next step needs."""


class NotPublished(PipelineError):
    """Raised when an online store does not come to hold what a silver table holds."""


class ValidationRefused(PipelineError):
    """Raised when the gate refuses a model version; the task fails and nothing is promoted."""


class PromotionRefused(PipelineError):
    """Raised when a version without a passed validation is asked to become champion."""


class NotApproved(PipelineError):
    """Raised when a version waits for a person's approval; the task fails and its run is repaired afterwards."""


class DeploymentUnderWay(PipelineError):
    """Raised when another deployment of the same model has not ended."""


class EndpointNotUpdated(PipelineError):
    """Raised when an endpoint does not take a version; it goes on with the one that it has."""


class RollbackRefused(PipelineError):
    """Raised when there is nothing to go back to, or what is asked for never was fit to be champion."""


class CanaryFailed(PipelineError):
    """Raised when a canary answers worse than the champion, or too little to tell; the traffic is back."""


class CannotCopyModel(PipelineError):
    """Raised when a version cannot be copied up from another environment, or its copy is not the same."""


class NoChampion(PipelineError):
    """Raised when a model is asked for by its alias and no version carries it."""


class MonitorFailed(PipelineError):
    """Raised when the quality monitor's refresh does not end well, so that its metrics are not of now."""


class CannotRetrain(PipelineError):
    """Raised when retraining is due and the job that trains cannot be started."""
