"""`finetuning register` and `finetuning deploy`: the gate, a version with its origin; then step 03 as it is."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.plan import load_plan


def add(steps: Any) -> None:
    """Both steps among the command's."""
    registered = steps.add_parser("register", help="the merged model as a version, if its evaluation has passed")
    registered.add_argument("--training", type=Path, required=True, help="folder of the training run")
    registered.add_argument("--evaluation", type=Path, required=True, help="folder of its evaluation")
    registered.add_argument("--output", type=Path, required=True, help="folder that keeps which version it became")
    registered.add_argument("--experiment", required=True, help="MLflow experiment")
    deployed = steps.add_parser("deploy", help="a version that has passed becomes champion, and is served")
    deployed.add_argument("--model-version", required=True)
    deployed.add_argument("--endpoint", required=True, help="name of the serving endpoint")
    for each, step in ((registered, register), (deployed, deploy)):
        each.add_argument("--plan", type=Path, required=True, help="plan.yaml")
        each.add_argument("--model", help="three-level name; default: the plan's register_to")
        each.add_argument("--job-run-id", help="run id of the job; left out when run by hand")
        each.set_defaults(step=step)


def register(options: argparse.Namespace) -> Mapping[str, Any]:
    """Registers the model that passed.

    Errors: NotEvaluated, ValidationRefused, UnusableModel, UnusableCandidate, MissingArgument.
    """
    from brickyard_pipelines.finetuning.interpretation.trained import open_trained
    from brickyard_pipelines.finetuning.registration.register import Wanted
    from brickyard_pipelines.finetuning.registration.register import register as run

    plan = load_plan(options.plan)
    wanted = Wanted(
        plan=plan,
        criteria=options.plan.parent / plan.criteria,
        trained=open_trained(options.training),
        evaluation=options.evaluation,
        model=_model(options, plan.register_to),
        experiment=options.experiment,
        output=options.output,
        job_run_id=options.job_run_id,
    )
    return run(wanted)


def deploy(options: argparse.Namespace) -> Mapping[str, Any]:
    """Promotes it by the rules of the workflow's step deploy.

    Errors: as `ml.steps.deploy.deploy`.
    """
    from brickyard_pipelines.ml.project import Project
    from brickyard_pipelines.ml.project.gate import Bound
    from brickyard_pipelines.ml.project.wrapped import Reported, Wrapped
    from brickyard_pipelines.ml.settings import StepSettings
    from brickyard_pipelines.ml.steps.deploy import deploy as run

    plan = load_plan(options.plan)
    model = _model(options, plan.register_to)
    settings = StepSettings(
        project=plan.name,
        catalog=model.split(".")[0],
        model=model,
        model_version=options.model_version,
        endpoint=options.endpoint,
        job_run_id=options.job_run_id,
    )
    bar: Any = Wrapped(reported=Reported(thresholds={"criteria met": Bound(min=1.0)}))
    run(settings, Project(name=plan.name, title=plan.use_case, workflow=bar))
    return {"model": model, "champion": options.model_version, "endpoint": options.endpoint}


def _model(options: argparse.Namespace, planned: str | None) -> str:
    from brickyard_pipelines.errors import MissingArgument

    found: str | None = options.model or planned
    if found is None or found.count(".") != 2 or not all(found.split(".")):
        raise MissingArgument(
            f"--model: got {found or 'nothing'}; a registered model has three levels. Give --model catalog.schema.name,"
            " or write register_to in plan.yaml."
        )
    return found
