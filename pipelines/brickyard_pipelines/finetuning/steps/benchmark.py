"""`finetuning benchmark`: the plan's models as they are, by the customer's own criteria."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem
from brickyard_pipelines.finetuning.plan import Plan, load_plan


def add(steps: Any) -> None:
    """The step among the command's."""
    parser = steps.add_parser("benchmark", help="every candidate asked the same, judged by the criteria; resumable")
    parser.add_argument("--plan", type=Path, required=True, help="plan.yaml")
    parser.add_argument("--data", type=Path, help="folder of a prepared version, whose `test` rows are asked")
    parser.add_argument("--output", type=Path, required=True, help="folder of this benchmark")
    parser.add_argument("--candidate", action="append", help="only this one; may be repeated")
    parser.add_argument("--reference", help="whom the others are compared with; default: the first")
    parser.add_argument("--experiment", help="MLflow experiment; left out, nothing is sent anywhere")
    parser.set_defaults(step=benchmark)


def benchmark(options: argparse.Namespace) -> Mapping[str, Any]:
    """Asks, judges, logs; the standings in brief.

    Errors: InvalidPlan, UnusableAnswers, UnusableCandidate, UnusableData, OutputTaken.
    """
    from brickyard_pipelines.finetuning.benchmark import tracking
    from brickyard_pipelines.finetuning.benchmark.open_candidates import offered
    from brickyard_pipelines.finetuning.benchmark.run import benchmark as run
    from brickyard_pipelines.finetuning.evaluation.answers import read_given
    from brickyard_pipelines.finetuning.steps.questions_of import questioned

    plan, file = load_plan(options.plan), options.plan
    what = questioned(plan, file, options.data, f"{plan.name}: models as they are", {"plan": plan.name})
    candidates = offered(plan, root=file.parent, cache=options.output / "models")
    chosen = [each for each in candidates if not options.candidate or each.name in options.candidate]
    _require_known(plan, options.candidate or (), {each.name for each in candidates})
    found = run(what, chosen, options.output, reference=options.reference or chosen[0].name)
    if options.experiment is not None:
        folder = options.output / "answers"
        answers = {each.name: read_given(folder / f"{each.name}.jsonl", what.questions) for each in chosen}
        table = tracking.answers_table(what.questions, answers)
        numbers = tracking.metrics_of(found)
        tracking.log("benchmark", options.experiment, options.output, facts=what.facts, metrics=numbers, table=table)
    return {
        "questions": len(what.questions),
        "report": str(options.output / "benchmark.html"),
        "candidates": [
            {"name": each.name, "met": each.met, "verdicts": {o.criterion: o.verdict for o in each.outcomes}}
            | ({"not_judged": each.not_judged} if each.not_judged else {})
            for each in found
        ],
    }


def _require_known(plan: Plan, asked_for: tuple[str, ...] | list[str], known: set[str]) -> None:
    if unknown := sorted(set(asked_for) - known):
        rule, fix = "a candidate is one of the plan's", f"One of {', '.join(sorted(known))}."
        raise InvalidPlan([Problem(where=f"plan {plan.name}", got=f"--candidate {unknown[0]}", rule=rule, fix=fix)])
