"""Questions of rows that were held out: each answer of a row is asked for by what stands before it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnusableAnswers
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.preparation.version import Version


def held_out(version: Version, split: str, *, cluster_by: str | None, most: int | None = None) -> list[Question]:
    """The questions of a split. Turns of one row are one cluster, unless `cluster_by` names a slice.

    A turn that calls tools and says nothing is no question; a text is one that asks nothing.
    Errors: UnusableAnswers when the split is empty, or rows have no such slice.
    """
    questions: list[Question] = []
    for number, (row, slices) in enumerate(_rows(version, split)):
        if most is not None and number >= most:
            break
        cluster = f"{split}-{number}" if cluster_by is None else slices.get(cluster_by)
        if cluster is None:
            got, rule = f"{split} rows without {cluster_by}", "rows have the slice that criteria cluster by"
            fix = "Add it to data.slices, and prepare again."
            raise UnusableAnswers([Problem(where=f"data {version.id}", got=got, rule=rule, fix=fix)])
        questions += _questions(row, slices, f"{split}-{number}", cluster)
    if not questions:
        fix = "Hold out rows by data.split.test or data.test, or give evaluation.questions."
        rule = "a model is judged on rows that it has not seen"
        raise UnusableAnswers([Problem(where=f"data {version.id}", got=f"no {split} row", rule=rule, fix=fix)])
    return questions


def _rows(version: Version, split: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    for batch in version.batches(split):
        for row, slices in zip(batch["row"].to_pylist(), batch["slices"].to_pylist(), strict=True):
            yield json.loads(row), {name: str(word) for name, word in json.loads(slices).items()}


def _questions(row: Mapping[str, Any], slices: Mapping[str, str], name: str, cluster: str) -> Iterator[Question]:
    shared: dict[str, Any] = {"slices": slices, "cluster": cluster}
    if "text" in row:
        yield Question(id=name, references=(row["text"],), **shared)
    elif "prompt" in row:
        asked = {"role": "user", "content": row["prompt"]}
        yield Question(id=name, references=(row["response"],), messages=(asked,), **shared)
    else:
        yield from _turns(row["messages"], name, shared)


def _turns(messages: Sequence[Mapping[str, Any]], name: str, shared: Mapping[str, Any]) -> Iterator[Question]:
    for at, message in enumerate(messages):
        if message["role"] == "assistant" and at and message.get("learnt", True) and message["content"].strip():
            before = tuple({key: each[key] for key in each if key != "learnt"} for each in messages[:at])
            yield Question(id=f"{name}-{at}", references=(message["content"],), messages=before, **shared)
