"""A candidate that has answered already: a file, made anywhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from brickyard_pipelines.finetuning.candidates.protocol import Needs
from brickyard_pipelines.finetuning.errors import Problem, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import Answer, read_answers
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.outputs import file_sha256


class AnswersFile:
    """The answers of a JSONL file. *Gaps*: what it does not say of likelihoods and time is not measured."""

    batch_size = 10_000

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self.identity: Mapping[str, str] = {"kind": "answers", "sha256": file_sha256(path)}
        if self.identity["sha256"] == "missing":
            rule, fix = "a file of answers can be read", "Correct evaluation.candidates."
            raise UnusableCandidate([Problem(where=str(path), got="no such file", rule=rule, fix=fix)])

    def answer(self, questions: Sequence[Question], needs: Needs) -> Sequence[Answer]:
        """All of them are there, or none is taken.

        Errors: UnusableAnswers.
        """
        del needs
        found = read_answers(self._path, questions)
        return [found[question.id] for question in questions]

    def close(self) -> None:
        """Nothing is held."""
