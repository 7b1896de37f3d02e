"""The configuration for several GPUs, on two processes of this machine's CPU: it loads, shards and learns the same."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.training import sharding

ROOT = Path(__file__).parents[3]
# accelerate shards what it believes to be GPUs; with gloo the same code shards on CPUs.
PROCESS = """
import json, os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from accelerate.state import DistributedType, PartialState
begin = PartialState.__init__
def begun(self, *args, **settings):
    begin(self, *args, **settings)
    if self.distributed_type == DistributedType.MULTI_CPU:
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
PartialState.__init__ = begun
from brickyard_pipelines.finetuning.command import main
from brickyard_pipelines.finetuning.training.callbacks import Watch
def looked(self, args, state, control, model=None, **others):
    weights = list(model.parameters())
    share = sum(each.to_local().numel() for each in weights) / sum(each.numel() for each in weights)
    Path(sys.argv[1], os.environ["RANK"]).write_text(str(share))
Watch.on_step_begin = looked
main(sys.argv[2:])
"""


def environment(file: Path) -> dict[str, str]:
    """What accelerate's own launcher makes of a configuration."""
    from accelerate.commands import launch
    from accelerate.utils.launch import prepare_multi_gpu_env

    arguments = launch.launch_command_parser().parse_args([f"--config_file={file}", "nothing.py"])
    arguments, _, _ = launch._validate_launch_command(arguments)
    return {name: str(value) for name, value in prepare_multi_gpu_env(arguments).items()}


@pytest.mark.slow
def test_a_model_is_sharded_over_two_processes_and_learns_what_one_would(workbench: Any, tmp_path: Path) -> None:
    shared: dict[str, Any] = {"duration": "4ba", "checkpoint_every": 4, "sample_prompts": ["Who is Ada?", "Who is Bo?"]}
    alone = workbench.train(workbench.plan(batch_size=4, **shared), "alone")
    plan = workbench.plan(batch_size=2, hardware={"count": 2}, **shared)
    data = workbench.data(plan)
    gpus = json.loads((tmp_path / "plan.yaml").read_text()) | {"hardware": {"accelerator": "A10", "count": 2}}
    file = tmp_path / "accelerate.yaml"
    file.write_text(json.dumps(sharding.configuration(parse_plan(json.dumps(gpus)))))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [f"--{name}={tmp_path / path}" for name, path in (("plan", "plan.yaml"), ("output", "sharded"))]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), "train", *arguments, f"--data={data}"],
            env=environment(file)
            | {"PYTHONPATH": str(ROOT / "pipelines"), "PATH": os.environ["PATH"], "ACCELERATE_USE_CPU": "true"}
            | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        ended = [(process.communicate(timeout=400)[1], process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [status for _, status in ended] == [0, 0], ended[0][0][-3000:]
    assert [float((tmp_path / str(rank)).read_text()) for rank in (0, 1)] == [pytest.approx(0.5, abs=0.05)] * 2
    sharded = json.loads((tmp_path / "sharded" / "training.json").read_text())
    assert sharded["tokens_seen"] == alone["tokens_seen"]
    assert [each["step"] for each in sharded["samples"]] == [0, 4]
    assert sharded["samples"][0] == alone["samples"][0]  # of the same weights, in halves and whole
    losses = [[each["loss"] for each in workbench.curve(name)] for name in ("alone", "sharded")]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
