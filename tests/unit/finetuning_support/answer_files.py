"""A task of two candidates whose answers lie in files, `good` and `bad`: judged without a model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PLAN = """name: capitals
use_case: answers
approach: supervised
accepted_licences: [mit]
base_models: [{name: base, path: base, licence: mit}]
data: {train: [{path: train.jsonl}]}
training: {precision: fp32}
evaluation:
  questions: questions.jsonl
  candidates:
    - {name: good, answers: good.jsonl}
    - {name: bad, answers: bad.jsonl}
"""


def write_task(folder: Path, lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """Writes the plan and the files, by their names without `.jsonl`; the plan's path."""
    for name, rows in lines.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    plan = folder / "plan.yaml"
    plan.write_text(PLAN)
    return plan
