"""Check a project before anything is deployed: `python -m brickyard_pipelines.ml.check NAME`.

It reads the `workflow` block of the project's project.yaml with the code that the job's steps will read it with, and
looks up every function that it names. NAME must be importable.
"""

import sys

from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.project import Workflow, load_project, refer
from brickyard_pipelines.ml.project.wrapped import Wrapped


def main() -> None:
    """Exit status 1 with the reason when the project cannot run."""
    try:
        workflow = load_project(sys.argv[1]).workflow
        for reference in () if isinstance(workflow, Wrapped) else references(workflow):
            refer(reference)
    except PipelineError as error:
        sys.exit(str(error))


def references(workflow: Workflow) -> tuple[str, ...]:
    """Every function and table of definitions that the workflow names."""
    return (
        *([workflow.land] if workflow.land else []),
        *(table.function for table in workflow.gold),
        workflow.contract,
        *([workflow.features.function] if workflow.features.function else []),
        workflow.features.columns,
        *([workflow.features.request.function] if workflow.features.request else []),
        workflow.labels.function,
        workflow.training.function,
    )


if __name__ == "__main__":
    main()
