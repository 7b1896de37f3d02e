"""Real training of a tiny Llama, here and now; without the libraries of `make setup-finetuning` all is skipped."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.plan import Plan, parse_plan
from brickyard_pipelines.finetuning.preparation.prepare import prepare
from brickyard_pipelines.finetuning.training.run import train
from tiny_models import tiny_llama

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"  # a tiny model's threads would wait for each other most of the time

NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal")
PAIRS = [{"prompt": f"Who is {name}?", "response": f"{name} is number {at}."} for at, name in enumerate(NAMES)]
CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"Hi, {name}"},
            {"role": "assistant", "content": f"Hello {name}"},
            {"role": "user", "content": "Count"},
            {"role": "assistant", "content": f"{at} and {at + 1}"},
        ]
    }
    for at, name in enumerate(NAMES)
]
TEXTS = [{"text": f"{name} laid brick {at} on brick {at + 1}, row upon row. " * 3} for at, name in enumerate(NAMES)]
ROWS: Mapping[str, Sequence[Any]] = {"supervised": PAIRS, "chat_completion": CHATS, "continued_pretraining": TEXTS}


@dataclass(frozen=True)
class Workbench:
    """A folder with a tiny base model in `base`, and what is put beside it."""

    root: Path

    def plan(self, approach: str = "supervised", *, data: Any = None, hardware: Any = None, **training: Any) -> Plan:
        """A plan of one base model; what is not given is small and quick."""
        document = {
            "name": "tiny",
            "use_case": "u",
            "approach": approach,
            "accepted_licences": ["mit"],
            "base_models": [{"name": "tiny", "path": "base", "licence": "mit"}],
            "data": {
                "train": [{"path": "train.jsonl"}],
                "context_length": 64,
                "near_duplicates": {"remove": False},
                "limits": {"min_rows": 1, "leaked": 1.0},
                **(data or {}),
            },
            "training": {
                "method": "full",
                "precision": "fp32",
                "learning_rate": 0.01,
                "schedule": "constant",
                "batch_size": 4,
                "duration": "4ba",
                "checkpoint_every": 2,
                **training,
            },
            "hardware": hardware or {},
        }
        (self.root / "plan.yaml").write_text(json.dumps(document))
        return parse_plan(json.dumps(document))

    def rows(self, rows: Sequence[Any], name: str = "train.jsonl") -> None:
        """Rows to learn from, or to be watched by."""
        (self.root / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def data(self, plan: Plan) -> Path:
        """The folder of the frozen version."""
        if not (self.root / "train.jsonl").exists():
            self.rows(ROWS[plan.approach])
        return prepare(plan, root=self.root, model=self.root / "base", output=self.root / "data").folder

    def train(self, plan: Plan, output: str = "out", experiment: str | None = None) -> Mapping[str, Any]:
        """training.json of a run."""
        return train(
            plan,
            root=self.root,
            model=plan.base_models[0],
            data=self.data(plan),
            output=self.root / output,
            experiment=experiment,
        )

    def curve(self, output: str = "out") -> list[dict[str, Any]]:
        """What was measured at every step."""
        return [json.loads(line) for line in (self.root / output / "curve.jsonl").read_text().splitlines()]


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    """A workbench with a chat model."""
    return _bench(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Workbench]:
    """Workbenches with base models of one's own choice."""
    return lambda **settings: _bench(tmp_path, **settings)


def _bench(root: Path, **settings: Any) -> Workbench:
    for library in ("torch", "transformers", "trl", "peft"):
        pytest.importorskip(library, reason="`make setup-finetuning` installs it")
    import torch

    torch.set_num_threads(1)
    tiny_llama(root / "base", **{"context": 128, **settings})
    return Workbench(root=root)
