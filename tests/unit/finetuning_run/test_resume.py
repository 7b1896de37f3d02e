"""Killed in the middle of a checkpoint, a run goes on as if nothing had been."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
# The process ends itself, as `kill -9` would, when so many files of checkpoints have been written.
KILLED = """
import os, signal, sys
from brickyard_pipelines.finetuning import outputs
from brickyard_pipelines.finetuning.command import main
written, place = 0, outputs.place
def counted(made, target):
    global written
    if target.parent.name == ".step-000006.partial" and target.name.startswith("opt"):
        os.kill(os.getpid(), signal.SIGKILL)
    return place(made, target)
outputs.place = counted
main(sys.argv[1:])
"""


@pytest.mark.parametrize("method", ["lora"])
def test_a_killed_run_goes_on_with_the_same_curve_to_the_last_digit(workbench: Any, method: str) -> None:
    workbench.rows([{"prompt": "Who is Ada?", "response": "Nobody."}], "eval.jsonl")
    plan = workbench.plan(
        method=method,
        duration="10ba",
        batch_size=3,
        gradient_accumulation=2,
        evaluate_every=4,
        lora={"rank": 4, "dropout": 0.1},
        sample_prompts=["Who is Bo?"],
        data={"eval": [{"path": "eval.jsonl"}]},
    )
    unbroken = workbench.train(plan, "unbroken")
    data, out = workbench.data(plan), workbench.root / "killed"
    arguments = ["train", f"--plan={workbench.root / 'plan.yaml'}", f"--data={data}", f"--output={out}"]
    died = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "pipelines"), "TMPDIR": str(workbench.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert (out / "checkpoints" / ".step-000006.partial").is_dir()
    assert not (out / "training.json").exists()
    resumed = workbench.train(plan, "killed")
    times = ("eval_runtime", "eval_samples_per_second", "eval_steps_per_second")
    curves = [
        [{name: value for name, value in entry.items() if name not in times} for entry in workbench.curve(name)]
        for name in ("unbroken", "killed")
    ]
    assert curves[0] == curves[1]
    assert resumed["samples"] == unbroken["samples"]
    assert resumed["tokens_seen"] == unbroken["tokens_seen"]
    weights = [(workbench.root / name / "merged" / "model.safetensors").read_bytes() for name in ("unbroken", "killed")]
    assert weights[0] == weights[1]
