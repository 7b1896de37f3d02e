"""Asking one candidate everything, so that whoever is killed goes on where it was: a file per answered batch.

*Shapes*: `answers/<candidate>/asked.json` says what was asked of whom, `00000.jsonl` and so on hold a batch each.
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from brickyard_pipelines.finetuning.candidates.protocol import Candidate, Failed, Needs
from brickyard_pipelines.finetuning.errors import OutputTaken
from brickyard_pipelines.finetuning.evaluation.answers import Answer, line_of, read_given
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.outputs import write_json, write_text
from brickyard_pipelines.finetuning.plan.evaluation import Price

_log = logging.getLogger(__name__)
_ASKED = "asked.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What came of asking a candidate: answers by question, and reasons where there is none."""

    answers: Mapping[str, Answer]
    failed: Mapping[str, str]


def ask(
    candidate: Candidate, questions: Sequence[Question], needs: Needs, folder: Path, *, price: Price | None = None
) -> Asked:
    """The answers that are kept, and those to everything else; what failed before is asked again.

    Errors: OutputTaken when the folder keeps answers to other questions or of another model; as the candidate's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(candidate, questions, needs, folder)
    parts = sorted(folder.glob("[0-9]*.jsonl"))
    answers = {name: answer for part in parts for name, answer in read_given(part, questions).items()}
    waiting = [question for question in questions if question.id not in answers]
    failed: dict[str, str] = {}
    for at in range(0, len(waiting), candidate.batch_size):
        batch = waiting[at : at + candidate.batch_size]
        found = dict(zip([question.id for question in batch], candidate.answer(batch, needs), strict=True))
        failed |= {name: each.reason for name, each in found.items() if isinstance(each, Failed)}
        said = {name: _priced(each, price) for name, each in found.items() if not isinstance(each, Failed)}
        if said:
            number = len(parts) + at // candidate.batch_size
            write_text(folder / f"{number:05d}.jsonl", "".join(f"{line_of(*item)}\n" for item in said.items()))
        answers |= said
        _log.info("%s: %d of %d answered, %d failed", candidate.name, len(answers), len(questions), len(failed))
    return Asked(answers=answers, failed=failed)


def _claim(candidate: Candidate, questions: Sequence[Question], needs: Needs, folder: Path) -> None:
    """Answers are taken up again only for the same questions, of the same model, asked in the same way."""
    texts = json.dumps([asdict(question) for question in questions], sort_keys=True)
    wanted = {
        "candidate": dict(candidate.identity),
        "needs": asdict(needs),
        "questions_sha256": hashlib.sha256(texts.encode()).hexdigest(),
    }
    path = folder / _ASKED
    if not path.is_file():
        write_json(path, wanted)
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    if kept != wanted:
        differs = ", ".join(key for key in wanted if kept.get(key) != wanted[key])
        raise OutputTaken(
            f"{folder}: got answers that were asked for otherwise ({differs}); answers of one model to the same"
            " questions are kept together. Choose another --output, or remove the folder."
        )


def _priced(answer: Answer, price: Price | None) -> Answer:
    """With its cost, where there is a price and what it is a price of was measured."""
    if price is None or answer.cost is not None:
        return answer
    per_token = (
        (price.input_per_million, answer.prompt_tokens),
        (price.output_per_million, answer.answer_tokens),
    )
    if any(each and count is None for each, count in per_token) or (price.per_hour and answer.busy_s is None):
        return answer
    tokens = sum(each * (count or 0) for each, count in per_token) / 1e6
    return replace(answer, cost=tokens + price.per_hour * (answer.busy_s or 0.0) / 3600)
