"""The tuned model beside its base, the champion and the other candidates, on rows that none of them has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brickyard_pipelines.finetuning.benchmark.asking import Asked
from brickyard_pipelines.finetuning.benchmark.open_candidates import Offered
from brickyard_pipelines.finetuning.benchmark.run import ask_all
from brickyard_pipelines.finetuning.benchmark.standing import standings
from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.judgement import Difference, compare
from brickyard_pipelines.finetuning.interpretation import close_up
from brickyard_pipelines.finetuning.interpretation.evaluated import Asking, Evaluated
from brickyard_pipelines.finetuning.interpretation.facts import Seen, facts_of
from brickyard_pipelines.finetuning.interpretation.report import evaluation_page
from brickyard_pipelines.finetuning.interpretation.rules import advice
from brickyard_pipelines.finetuning.interpretation.verdict import verdict
from brickyard_pipelines.finetuning.outputs import alone, write_json, write_text
from brickyard_pipelines.finetuning.plan.criteria import Criterion
from brickyard_pipelines.finetuning.plan.evaluation import CHAMPION, TUNED


def evaluate(asking: Asking, candidates: Sequence[Offered], output: Path, *, base: str) -> Evaluated:
    """The evaluation; `evaluation.json`, `evaluation.html` and everybody's answers are left in `output`.

    `candidates` begin with the tuned model and its base.
    Errors: UnusableAnswers, UnusableCandidate, OutputTaken.
    """
    with alone(output, "evaluation"):
        found = _evaluated(asking, candidates, output, base)
        write_text(output / "evaluation.html", evaluation_page(found))
        write_json(output / "evaluation.json", found.document())
    return found


def _evaluated(asking: Asking, candidates: Sequence[Offered], output: Path, base: str) -> Evaluated:
    what = asking.untouched
    answers = ask_all(what, candidates, output / "answers", with_judges=True)
    what = replace(what, criteria=answers.criteria, facts={**what.facts, **answers.left_out})
    _require_whole(answers.asked, tuple(name for name in (TUNED, base, CHAMPION) if name in answers.asked))
    found = standings(what.criteria, what.questions, answers.asked, answers.identities, reference=base)
    tuned, reference = answers.asked[TUNED].answers, answers.asked[base].answers
    by_name = {each.name: each for each in found}
    own = [each for each in candidates if each.name in (TUNED, base)]
    general = _general(asking, own, output / "general", base)
    item = close_up.weightiest(what.criteria)
    slices = close_up.by_slice(item, what.questions, tuned, reference)
    champion = answers.asked.get(CHAMPION)
    over_champion = [] if champion is None else compare(what.criteria, what.questions, tuned, champion.answers)
    seen = Seen(
        criteria=what.criteria,
        questions=what.questions,
        standings=found,
        tuned=tuned,
        base=reference,
        slices=slices,
        general=general,
        learnt=asking.learnt,
        learnt_answers=_learnt(asking, own, output / "learnt"),
        train_rows=asking.train_rows,
        pretrained=asking.pretrained,
    )
    numbers = facts_of(seen)
    over_base = by_name[TUNED].differences
    return Evaluated(
        title=what.title,
        criteria=what.criteria,
        facts=what.facts,
        verdict=verdict(what.criteria, by_name[TUNED].outcomes, over_base, over_champion, general or ()),
        numbers=numbers,
        advice=advice(numbers),
        standings=found,
        over_base=over_base,
        general=general or (),
        slices=slices,
        cases=close_up.cases(item, what.questions, tuned, reference),
        base=base,
    )


def _general(asking: Asking, own: Sequence[Offered], folder: Path, base: str) -> list[Difference] | None:
    """Tuned beside base on what fine-tuning was not about; None where nobody asked."""
    if not asking.general:
        return None
    metrics = ["token_f1"]
    if all(question.choices for question in asking.general):
        metrics.append("multiple_choice")
    criteria = replace(
        asking.untouched.criteria,
        criteria=tuple(Criterion(name=metric, metric=metric, threshold=0.0) for metric in metrics),
        cluster_by=None,
    )
    what = replace(asking.untouched, title="general questions", criteria=criteria, questions=asking.general)
    asked = ask_all(what, own, folder).asked
    _require_whole(asked, (TUNED, base))
    return compare(criteria, asking.general, asked[TUNED].answers, asked[base].answers)


def _learnt(asking: Asking, own: Sequence[Offered], folder: Path) -> Mapping[str, Answer]:
    """The tuned model's answers to what it has learnt from."""
    if not asking.learnt:
        return {}
    what = replace(asking.untouched, title="rows of train", questions=asking.learnt)
    return ask_all(what, [each for each in own if each.name == TUNED], folder).asked[TUNED].answers


def _require_whole(asked: Mapping[str, Asked], names: Sequence[str]) -> None:
    """Errors: UnusableAnswers when one that has to be compared left a question unanswered."""
    for name in names:
        if failed := asked[name].failed:
            number, reason = next(iter(failed.items()))
            got, rule = f"no answer to {len(failed)} questions, {number!r}: {reason}", "every question is answered"
            raise UnusableAnswers([Problem(where=name, got=got, rule=rule, fix="Run it again; it asks only those.")])
