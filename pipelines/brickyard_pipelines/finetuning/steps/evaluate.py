"""`finetuning evaluate`: the tuned model beside its base, the champion and the other candidates."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem, UnusableCandidate
from brickyard_pipelines.finetuning.plan import Plan, load_plan
from brickyard_pipelines.finetuning.plan.evaluation import CHAMPION, TUNED, CandidateSource

if TYPE_CHECKING:
    from brickyard_pipelines.finetuning.benchmark.open_candidates import Offered
    from brickyard_pipelines.finetuning.interpretation.evaluated import Evaluated
    from brickyard_pipelines.finetuning.interpretation.trained import Trained


def add(steps: Any) -> None:
    """The step among the command's."""
    parser = steps.add_parser("evaluate", help="the tuned model on untouched rows; what it means, what to do next")
    parser.add_argument("--plan", type=Path, required=True, help="plan.yaml")
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared version that was learnt from")
    parser.add_argument("--training", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--output", type=Path, required=True, help="folder of this evaluation")
    parser.add_argument("--champion-of", metavar="MODEL", help="registered model whose champion is asked too")
    parser.add_argument("--experiment", help="MLflow experiment; left out, nothing is sent anywhere")
    parser.set_defaults(step=evaluate)


def evaluate(options: argparse.Namespace) -> Mapping[str, Any]:
    """Asks everybody, judges, interprets, logs.

    Errors: InvalidPlan, UnusableAnswers, UnusableCandidate, UnusableData, OutputTaken.
    """
    from brickyard_pipelines.finetuning.evaluation.held_out import held_out
    from brickyard_pipelines.finetuning.evaluation.questions import read_questions
    from brickyard_pipelines.finetuning.interpretation.evaluate import evaluate as run
    from brickyard_pipelines.finetuning.interpretation.evaluated import Asking
    from brickyard_pipelines.finetuning.interpretation.trained import open_trained
    from brickyard_pipelines.finetuning.preparation.version import open_version
    from brickyard_pipelines.finetuning.steps.questions_of import questioned

    plan, root = load_plan(options.plan), options.plan.parent
    trained, version = open_trained(options.training), open_version(options.data)
    if trained.document["data_version"] != version.id:
        got, rule = f"data {version.id}", f"the model has learnt from data {trained.document['data_version']}"
        fix = "Give --data of the run, whose test rows it has not seen."
        raise UnusableCandidate([Problem(where=str(options.data), got=got, rule=rule, fix=fix)])
    champion = _champion(options.champion_of, options.output / "models", plan)
    facts = {
        "plan": plan.name,
        "run": str(trained.document["run_id"]),
        "data": version.id,
        "champion": "none" if champion is None else _version(champion),
    }
    what = questioned(plan, options.plan, options.data, f"{plan.name}: the tuned model", facts)
    general = plan.evaluation.general
    most = plan.evaluation.memorisation_rows
    asking = Asking(
        untouched=what,
        general=[] if general is None else read_questions(root / general, cluster_by=None),
        learnt=held_out(version, "train", cluster_by=None, most=most) if most else [],
        train_rows=version.rows("train"),
        pretrained=plan.approach == "continued_pretraining",
    )
    base = _base(plan, trained, root)
    found = run(asking, [*_candidates(plan, trained, base, options, champion)], options.output, base=base.name)
    if options.experiment is not None:
        _log(found, options)
    return {
        "passed": found.verdict.passed,
        "reason": found.verdict.reason,
        "report": str(options.output / "evaluation.html"),
        "next": [each.do for each in found.advice],
    }


def _candidates(
    plan: Plan, trained: "Trained", base: CandidateSource, options: argparse.Namespace, champion: "Offered | None"
) -> "Sequence[Offered]":
    from brickyard_pipelines.finetuning.benchmark.open_candidates import Offered, offered

    shared: dict[str, Any] = {
        "root": options.plan.parent,
        "cache": options.output / "models",
        "batch_size": plan.evaluation.batch_size,
    }
    merged = CandidateSource(name=TUNED, path=str(trained.merged.resolve()))
    own = [Offered(source=source, **shared) for source in (merged, base)]
    others = offered(replace(plan, base_models=()), root=shared["root"], cache=shared["cache"])
    return [*own, *([] if champion is None else [champion]), *others]


def _base(plan: Plan, trained: "Trained", root: Path) -> CandidateSource:
    """The base model, which must still be what was trained from.

    Errors: InvalidPlan, UnusableCandidate.
    """
    from brickyard_pipelines.finetuning.candidates.fingerprint import model_sha256

    name = str(trained.base["name"])
    model = next((each for each in plan.base_models if each.name == name), None)
    if model is None:
        fix = "Take the plan that the model was trained by."
        rule = f"the model was trained from {name}"
        raise InvalidPlan([Problem(where=f"plan {plan.name}: base_models", got="no such model", rule=rule, fix=fix)])
    if model_sha256(root / model.path) != trained.base["sha256"]:
        rule, fix = "the tuned model is compared with what it was trained from", "Bring the old files back."
        raise UnusableCandidate([Problem(where=str(root / model.path), got="other files", rule=rule, fix=fix)])
    return CandidateSource(name=name, path=model.path)


def _champion(model: str | None, cache: Path, plan: Plan) -> "Offered | None":
    """The version that serves now, if the model has one."""
    if model is None:
        return None
    from mlflow import MlflowClient

    from brickyard_pipelines.finetuning.benchmark.open_candidates import Offered
    from brickyard_pipelines.finetuning.registration.champion import champion_of

    version = champion_of(MlflowClient(), model)
    if version is None:
        return None
    source = CandidateSource(name=CHAMPION, model=f"{model}/{version}")
    return Offered(source=source, root=cache, cache=cache, batch_size=plan.evaluation.batch_size)


def _version(champion: "Offered") -> str:
    return str(champion.source.model).rpartition("/")[2]


def _log(found: "Evaluated", options: argparse.Namespace) -> None:
    from brickyard_pipelines.finetuning.benchmark import tracking

    numbers = tracking.metrics_of(found.standings) | {f"fact.{name}": value for name, value in found.numbers.items()}
    table: dict[str, list[Any]] = {
        name: [getattr(case, name) for case in found.cases]
        for name in ("id", "asked", "reference", "tuned", "base", "gain")
    }
    facts = {**found.facts, "passed": str(found.verdict.passed)}
    tracking.log("evaluate", options.experiment, options.output, facts=facts, metrics=numbers, table=table)
