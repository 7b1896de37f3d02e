"""Several devices: accelerate's configuration from the plan, and the command that starts a process per device.

One process per device; on GPUs the model is sharded over all of them (FSDP 2), on CPUs each holds a copy, which is what
accelerate can do there. Source: accelerate 1.15 `commands/config/config_args.py`; TRL's `accelerate_configs/fsdp2.yaml`
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from brickyard_pipelines.finetuning.errors import TrainingStopped
from brickyard_pipelines.finetuning.outputs import write_text
from brickyard_pipelines.finetuning.plan.document import Plan


def configuration(plan: Plan) -> dict[str, Any]:
    """Accelerate's configuration. Layers are found by the model's own `_no_split_modules`, for any family."""
    on_cpu = plan.hardware.accelerator == "cpu"
    base = {
        "compute_environment": "LOCAL_MACHINE",
        "mixed_precision": "bf16" if plan.training.precision == "bf16" else "no",
        "num_machines": 1,
        "machine_rank": 0,
        "num_processes": plan.hardware.count,
        "main_training_function": "main",
        "rdzv_backend": "static",
        "same_network": True,
        "use_cpu": on_cpu,
    }
    if on_cpu:
        return {**base, "distributed_type": "MULTI_CPU"}
    return {**base, "distributed_type": "FSDP", "fsdp_config": fully_sharded(plan)}


def fully_sharded(plan: Plan) -> dict[str, Any]:
    """How the model is sharded; checkpoints hold the whole of it, so that any number of devices can go on."""
    return {
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_reshard_after_forward": True,
        "fsdp_state_dict_type": "FULL_STATE_DICT",
        "fsdp_cpu_ram_efficient_loading": plan.training.method != "qlora",
        "fsdp_offload_params": False,
        "fsdp_activation_checkpointing": False,
    }


def is_needed(plan: Plan) -> bool:
    """Whether processes are still to be started: the plan has several devices, and this is none of theirs."""
    return plan.hardware.count > 1 and "LOCAL_RANK" not in os.environ


def launch(plan: Plan, options: argparse.Namespace) -> None:
    """Runs `finetuning train` with these options once per device, and waits for all.

    Errors: TrainingStopped with their exit status; what went wrong stands above it in the log.
    """
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    file = output / "accelerate.yaml"
    write_text(file, yaml.safe_dump(configuration(plan), sort_keys=True))
    names = ("plan", "data", "model", "output", "experiment")
    given = [f"--{name}={getattr(options, name)}" for name in names if getattr(options, name) is not None]
    module = ["-m", "brickyard_pipelines.finetuning", "train", *given]
    argv = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(file), *module]
    done = subprocess.run(argv, stdout=sys.stderr, check=False)  # standard output is the command's one answer
    if done.returncode:
        raise TrainingStopped(
            f"{output}: {plan.hardware.count} processes ended with status {done.returncode}; the first error above is"
            " the cause. Run it again: it goes on from the last whole checkpoint."
        )
