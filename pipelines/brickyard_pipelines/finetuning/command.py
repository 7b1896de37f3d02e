"""`finetuning STEP`: from a plan to a served model, for a shell and for a job's task alike."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem
from brickyard_pipelines.finetuning.plan import Plan, load_criteria, load_plan
from brickyard_pipelines.finetuning.plan.base_models import BaseModel
from brickyard_pipelines.finetuning.steps import benchmark, bring, evaluate, register, run

_Step = Callable[[argparse.Namespace], Mapping[str, Any]]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one step and prints what it found as JSON; a PipelineError ends the process with its sentence and 1.

    It raises rather than returns: what the entry point of a job's task returns, nobody looks at.
    """
    options = _parser().parse_args(argv)
    step: _Step = options.step
    try:
        with contextlib.redirect_stdout(sys.stderr):  # where mlflow tells about runs; the answer stands alone
            found = step(options)
    except PipelineError as error:
        raise SystemExit(f"finetuning {options.name} failed: {type(error).__name__}: {error}") from error
    print(json.dumps(found, indent=1))  # noqa: T201 a command's answer


def plan(options: argparse.Namespace) -> Mapping[str, Any]:
    """Checks plan and criteria; with prepared data, estimates memory, time and cost for each base model.

    Errors: InvalidPlan, also where an estimate is above hardware or budget; UnsupportedModel, UnusableData.
    """
    settings = load_plan(options.plan)
    load_criteria(options.plan.parent / settings.criteria)
    answer: dict[str, Any] = {"plan": settings.name, "approach": settings.approach}
    if options.data is not None:
        answer["estimates"] = _estimates(settings, options.plan.parent, options.data)
    return answer


def prepare(options: argparse.Namespace) -> Mapping[str, Any]:
    """Prepares the plan's data for one of its base models.

    Errors: as `preparation.prepare.prepare`.
    """
    from brickyard_pipelines.finetuning.preparation.prepare import prepare as prepared

    settings, root = load_plan(options.plan), options.plan.parent
    model = _model(settings, options.plan, options.model)
    version = prepared(settings, root=root, model=root / model.path, output=options.output)
    return {"version": version.id, "folder": str(version.folder), "splits": version.manifest["splits"]}


def train(options: argparse.Namespace) -> Mapping[str, Any]:
    """Trains one base model of the plan on prepared data, on as many devices as the plan has.

    Errors: InvalidPlan where the estimate is above hardware or budget; else as `training.run.train`.
    """
    from brickyard_pipelines.finetuning.training import sharding
    from brickyard_pipelines.finetuning.training.record import read
    from brickyard_pipelines.finetuning.training.run import train as trained

    settings, root = load_plan(options.plan), options.plan.parent
    model = _model(settings, options.plan, options.model)
    if sharding.is_needed(settings):
        sharding.launch(settings, options)
        return read(options.output)
    _estimates(replace(settings, base_models=(model,)), root, options.data)
    return trained(
        settings, root=root, model=model, data=options.data, output=options.output, experiment=options.experiment
    )


def judge(options: argparse.Namespace) -> Mapping[str, Any]:
    """Judges a file of answers by the criteria, and beside another file where there is one.

    Errors: InvalidPlan, UnusableAnswers.
    """
    from brickyard_pipelines.finetuning.evaluation.answers import read_answers
    from brickyard_pipelines.finetuning.evaluation.judgement import compare
    from brickyard_pipelines.finetuning.evaluation.judgement import judge as judged
    from brickyard_pipelines.finetuning.evaluation.questions import read_questions

    criteria = load_criteria(options.criteria)
    questions = read_questions(options.questions, cluster_by=criteria.cluster_by)
    answers = read_answers(options.answers, questions)
    found: dict[str, Any] = {"outcomes": [asdict(each) for each in judged(criteria, questions, answers)]}
    if options.against is not None:
        reference = read_answers(options.against, questions)
        found["differences"] = [asdict(each) for each in compare(criteria, questions, answers, reference)]
    return found


def _estimates(settings: Plan, root: Path, data: Path) -> Mapping[str, Any]:
    from brickyard_pipelines.finetuning.plan import estimate as estimates
    from brickyard_pipelines.finetuning.plan.hardware import device_of
    from brickyard_pipelines.finetuning.plan.model_facts import read_facts
    from brickyard_pipelines.finetuning.preparation.version import open_version

    load, device = estimates.load_of(open_version(data).manifest), device_of(settings.hardware.accelerator)
    found = {
        model.name: estimates.estimate(settings, read_facts(root / model.path), load, device)
        for model in settings.base_models
    }
    problems = [
        Problem(where=f"plan {settings.name}, {name}: {path}", got=got, rule=rule, fix=fix)
        for name, each in found.items()
        for path, got, rule, fix in estimates.exceeded(each, settings)
    ]
    if problems:
        raise InvalidPlan(problems)
    return {name: each.as_json() for name, each in found.items()}


def _model(settings: Plan, file: Path, name: str | None) -> BaseModel:
    if name is None and len(settings.base_models) == 1:
        return settings.base_models[0]
    known = {model.name: model for model in settings.base_models}
    if name not in known:
        rule, fix = "data is prepared for one base model of the plan", f"Give --model; one of {', '.join(known)}."
        raise InvalidPlan([Problem(where=f"{file.name}: base_models", got=f"--model {name}", rule=rule, fix=fix)])
    return known[name]


def _done(argv: Sequence[str]) -> Mapping[str, Any]:
    """What one step answers, for the step that runs others."""
    options = _parser().parse_args(argv)
    step: _Step = options.step
    return step(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="finetuning", description=__doc__, allow_abbrev=False)
    steps = parser.add_subparsers(required=True, dest="name", metavar="STEP")
    planned = steps.add_parser("plan", help="check plan and criteria; estimate memory, time and cost")
    planned.add_argument("--data", type=Path, help="folder of a prepared version, for estimates")
    prepared = steps.add_parser("prepare", help="a frozen version of the plan's data")
    prepared.add_argument("--model", help="name of the base model whose tokenizer and template are used")
    prepared.add_argument("--output", type=Path, required=True, help="folder that versions are put into")
    trained = steps.add_parser("train", help="a tuned model, from prepared data; goes on where it was killed")
    trained.add_argument("--data", type=Path, required=True, help="folder of a prepared version")
    trained.add_argument("--model", help="name of the base model to begin with")
    trained.add_argument("--output", type=Path, required=True, help="folder of this one run, on a volume")
    trained.add_argument("--experiment", help="MLflow experiment; left out, nothing is sent anywhere")
    for each, step in ((planned, plan), (prepared, prepare), (trained, train)):
        each.add_argument("--plan", type=Path, required=True, help="plan.yaml")
        each.set_defaults(step=step)
    judged = steps.add_parser("judge", help="answers against criteria, and against other answers")
    for name in ("criteria", "questions", "answers"):
        judged.add_argument(f"--{name}", type=Path, required=True)
    judged.add_argument("--against", type=Path, help="answers of another model to the same questions")
    judged.set_defaults(step=judge)
    for module in (bring, benchmark, evaluate, register):
        module.add(steps)
    run.add(steps, _done)
    return parser
