"""Which questions a plan asks: its own file's, or rows of the prepared data that were held out."""

from collections.abc import Mapping
from pathlib import Path

from brickyard_pipelines.finetuning.benchmark.run import Questioned
from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem
from brickyard_pipelines.finetuning.evaluation.questions import Question, read_questions
from brickyard_pipelines.finetuning.outputs import file_sha256
from brickyard_pipelines.finetuning.plan import Plan, load_criteria
from brickyard_pipelines.finetuning.preparation.version import open_version


def questioned(plan: Plan, file: Path, data: Path | None, title: str, facts: Mapping[str, str]) -> Questioned:
    """The questions with the criteria; `facts` are told beside how many there are, and from where.

    Errors: InvalidPlan, UnusableAnswers, UnusableData.
    """
    path = file.parent / plan.criteria
    criteria = load_criteria(path)
    if plan.evaluation.questions is not None:
        questions = read_questions(file.parent / plan.evaluation.questions, cluster_by=criteria.cluster_by)
        source = plan.evaluation.questions
    else:
        questions, source = _untouched(file, data, criteria.cluster_by)
    told = {"questions": str(len(questions)), "from": source, "criteria": file_sha256(path)}
    return Questioned(
        title=title,
        criteria=criteria,
        questions=questions,
        max_new_tokens=plan.evaluation.max_new_tokens,
        facts={**told, **facts},
    )


def _untouched(file: Path, data: Path | None, cluster_by: str | None) -> tuple[list[Question], str]:
    from brickyard_pipelines.finetuning.evaluation.held_out import held_out

    if data is None:
        fix = "Give --data, the folder of a prepared version, or a file as evaluation.questions."
        got, rule = "no questions", "a model is asked something"
        raise InvalidPlan([Problem(where=f"{file.name}: evaluation.questions", got=got, rule=rule, fix=fix)])
    version = open_version(data)
    return held_out(version, "test", cluster_by=cluster_by), f"data {version.id}, split test"
