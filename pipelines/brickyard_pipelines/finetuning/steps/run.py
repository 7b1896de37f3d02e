"""`finetuning run`: every step up to a registered version, in one task of a job; what is done is found done."""

import argparse
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem
from brickyard_pipelines.finetuning.outputs import place_folder
from brickyard_pipelines.finetuning.steps import bring

Do = Callable[[Sequence[str]], Mapping[str, Any]]


def add(steps: Any, do: Do) -> None:
    """The step among the command's; `do` runs another one."""
    parser = steps.add_parser("run", help="bring, prepare, benchmark, train, evaluate, register: one task of a job")
    parser.add_argument("--project", required=True, help="import name of the project's package, which holds plan.yaml")
    parser.add_argument("--work", type=Path, required=True, help="folder of data, models and results, on a volume")
    parser.add_argument("--base-model", help="name of the base model to train; needed where the plan has several")
    parser.add_argument("--bring", metavar="PACKAGE.MODULE:FUNCTION", help="called with the folder before all else")
    bring.hosts(parser)
    parser.add_argument("--model", required=True, help="three-level name of the registered model")
    parser.add_argument("--experiment", required=True, help="MLflow experiment")
    parser.add_argument("--job-run-id", help="run id of the job; left out when run by hand")
    parser.set_defaults(step=run, do=do)


def run(options: argparse.Namespace) -> Mapping[str, Any]:
    """All steps in their order.

    Errors: of each step; ValidationRefused when the tuned model does not meet its criteria: nothing is registered.
    """
    work = _work(options.work)
    do: Do = options.do
    if options.bring:
        from brickyard_pipelines.ml.project import refer

        refer(options.bring)(work)
    plan = _brought_plan(options.project, work)
    given = [f"--plan={plan}"]
    base = [f"--model={options.base_model}"] if options.base_model else []
    sent = [f"--experiment={options.experiment}"]
    do(["bring", *given, f"--model-hosts={options.model_hosts}"])
    data = do(["prepare", *given, *base, f"--output={work / 'data'}"])["folder"]
    about = f"{Path(data).name}-{_digest(plan)}"
    benchmarked = work / "benchmarks" / about
    do(["benchmark", *given, *sent, f"--data={data}", f"--output={benchmarked}"])
    training, evaluation = work / "runs" / about, work / "evaluations" / about
    do(["train", *given, *base, *sent, f"--data={data}", f"--output={training}"])
    _hand_on(benchmarked / "answers", evaluation / "answers")
    judged = do(
        [
            "evaluate",
            *given,
            *sent,
            f"--data={data}",
            f"--training={training}",
            f"--champion-of={options.model}",
            f"--output={evaluation}",
        ]
    )
    if not judged["passed"]:
        raise ValidationRefused(f"{judged['reason']}. Next: {' '.join(judged['next'])} See {judged['report']}.")
    by = [f"--job-run-id={options.job_run_id}"] if options.job_run_id else []
    where = [f"--training={training}", f"--evaluation={evaluation}", f"--output={work / 'registered' / about}"]
    return do(["register", *given, *sent, *by, *where, f"--model={options.model}"])


def _hand_on(answers: Path, target: Path) -> None:
    """What models said in the benchmark they need not say again: the evaluation takes it up, if it is the same."""
    if answers.is_dir() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        place_folder(answers, target)


def _work(folder: Path) -> Path:
    """Errors: InvalidPlan for a volume outside of a job."""
    if folder.parts[:2] == ("/", "Volumes") and not Path("/Volumes").is_dir():
        rule = "volumes are folders in jobs only"
        fix = "Run it as a task of a job, or give a folder of this machine."
        raise InvalidPlan([Problem(where="--work", got=str(folder), rule=rule, fix=fix)])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _brought_plan(project: str, work: Path) -> Path:
    """plan.yaml and the small files beside it, as the wheel holds them: paths in it are relative to the work folder.

    Errors: InvalidPlan when the package has none.
    """
    import importlib.resources

    try:
        package = Path(str(importlib.resources.files(project)))
    except (ImportError, TypeError) as error:
        rule, fix = "the project's package is installed", "Is its wheel among the task's libraries?"
        raise InvalidPlan([Problem(where="--project", got=str(error), rule=rule, fix=fix)]) from error
    folder = package if (package / "plan.yaml").is_file() else package.parent  # a checkout: beside the package
    if not (folder / "plan.yaml").is_file():
        rule, fix = "a project's package holds plan.yaml", "Add it to the wheel (force-include in pyproject.toml)."
        raise InvalidPlan([Problem(where=str(package), got="no plan.yaml", rule=rule, fix=fix)])
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.jsonl")]):
        if file.name != "project.yaml":
            partial = work / f".{file.name}.partial"
            shutil.copyfile(file, partial)
            partial.replace(work / file.name)
    return work / "plan.yaml"


def _digest(plan: Path) -> str:
    """Another plan has other outputs."""
    return hashlib.sha256(plan.read_bytes()).hexdigest()[:8]
