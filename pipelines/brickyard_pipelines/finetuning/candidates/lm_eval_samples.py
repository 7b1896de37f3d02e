"""A candidate that lm-eval has asked: its samples file (`--log_samples`), whose `doc_id` is the question's id.

Its answers are judged here, by the customer's criteria and beside the other candidates; its own scores are not taken.
Source: EleutherAI/lm-evaluation-harness 0.4 (samples_<task>_<time>.jsonl: doc_id, arguments, filtered_resps, filter)
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.candidates.protocol import Needs
from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.outputs import file_sha256
from brickyard_pipelines.finetuning.sources.files import jsonl

_MAX_BYTES = 40_000_000  # a sample holds its whole document, few shots included


class LmEvalSamples:
    """The samples of one task. *Gaps*: they say no time, no tokens, and no likelihood of texts of their own."""

    batch_size = 10_000

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self.identity: Mapping[str, str] = {"kind": "lm_eval", "sha256": file_sha256(path)}
        if self.identity["sha256"] == "missing":
            rule, fix = "a file of samples can be read", "Run lm_eval with --log_samples, or correct the path."
            raise UnusableCandidate([Problem(where=str(path), got="no such file", rule=rule, fix=fix)])

    def answer(self, questions: Sequence[Question], needs: Needs) -> Sequence[Answer]:
        """All of them are there, or none is taken.

        Errors: UnusableAnswers with every sample that is none, and a question without one.
        """
        del needs
        found: dict[str, Answer] = {}
        problems = list(self._read(found))
        missing = [question.id for question in questions if question.id not in found]
        if missing and not problems:
            got, fix = f"no sample of {missing[0]!r} and {len(missing) - 1} others", "Give questions lm-eval's doc_id."
            problems = [Problem(where=self._path.name, got=got, rule="every question has its sample", fix=fix)]
        if problems:
            raise UnusableAnswers(problems)
        return [found[question.id] for question in questions]

    def close(self) -> None:
        """Nothing is held."""

    def _read(self, found: dict[str, Answer]) -> Iterator[Problem]:
        for line in jsonl(self._path, max_bytes=_MAX_BYTES):
            where = f"{self._path.name}:{line.line}"
            if line.refusal is not None:
                yield Problem(where=where, got=line.refusal.got, rule=line.refusal.rule, fix=line.refusal.fix)
                continue
            name, answer = str(line.document.get("doc_id")), _answer(line.document)
            if answer is None:
                got = f"doc_id {name} with filtered_resps {str(line.document.get('filtered_resps'))[:60]}"
                rule = "a sample holds one text, or a log-likelihood for each choice"
                yield Problem(where=where, got=got, rule=rule, fix="Run lm_eval 0.4 with --log_samples.")
            elif name in found:
                got = f"doc_id {name} twice (filter {line.document.get('filter')!r})"
                yield Problem(where=where, got=got, rule="a file holds one filter", fix="Keep the lines of one filter.")
            else:
                found[name] = answer


def _answer(sample: Mapping[str, Any]) -> Answer | None:
    """The text that was generated, or the choice that is likeliest, as `acc` takes it."""
    said = sample.get("filtered_resps")
    if not isinstance(said, list) or not said:
        return None
    first = said[0][0] if isinstance(said[0], list) and len(said) == 1 and said[0] else said[0]
    if isinstance(first, str):
        return Answer(text=first)
    choices = _choices(sample.get("arguments"))
    likelihoods = [_likelihood(each) for each in said]
    known = [each for each in likelihoods if each is not None]
    if len(known) != len(said) or len(choices) != len(said):
        return None
    chosen = choices[known.index(max(known))]
    return Answer(text=chosen, chosen=chosen)


def _choices(arguments: Any) -> list[str]:
    """What was asked for its likelihood: the second argument of every request, in lists or by name."""
    requests = list(arguments.values()) if isinstance(arguments, Mapping) else arguments
    if not isinstance(requests, list):
        return []
    texts = [each.get("arg_1") if isinstance(each, Mapping) else each[1:2] for each in requests]
    flat = [each[0] if isinstance(each, list) and each else each for each in texts]
    return [each.strip() for each in flat if isinstance(each, str)]


def _likelihood(said: Any) -> float | None:
    """The first of a pair; lm-eval 0.4.13 writes it as a text.

    >>> _likelihood(["-11.5", "False"]), _likelihood([-2.0, True]), _likelihood(["no", "False"])
    (-11.5, -2.0, None)
    """
    first = said[0] if isinstance(said, list) and said else None
    if isinstance(first, bool) or not isinstance(first, str | int | float):
        return None
    try:
        found = float(first)
    except ValueError:
        return None
    return None if math.isnan(found) else found
