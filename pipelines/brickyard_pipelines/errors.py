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


class MissingTable(PipelineError):
    """Raised when a step reads a table that the step before it has not written."""


class UnusableRows(PipelineError):
    """Raised when a period holds too few rows or only one class, so that nothing can be learnt or judged."""


class UnusablePredictions(PipelineError):
    """Raised when a model answers anything but one finite probability per row."""


class ValidationRefused(PipelineError):
    """Raised when the gate refuses a model version; the task fails and nothing is promoted."""


class PromotionRefused(PipelineError):
    """Raised when a version without a passed validation is asked to become champion."""


class NoChampion(PipelineError):
    """Raised when a model is asked for by its alias and no version carries it."""
