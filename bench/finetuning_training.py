"""Training against a bare transformers loop; packing against none; what a run takes against its estimate.

    pipenv run python bench/finetuning_training.py speed --layers 6 --steps 10 --rounds 3
    pipenv run python bench/finetuning_training.py packing --layers 6 --steps 10 --rounds 3
    pipenv run python bench/finetuning_training.py estimates

Needs `make setup-finetuning` and, for rows of mixed lengths, the demo's packages (`make demo-finetuning`). The model
has SmolLM2-135M's widths and `--layers` of its 30 layers, with weights drawn at random: their values cost nothing. Both
learn from the same batches in the same order, each in processes of their own on one core, in turn. A figure is of
steps: the seconds of processor between the ends of two, so that what begins and ends a run falls away, and a step is
compared with the same step. Tokens are those of rows, without padding.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from finetuning_task import BATCH, make, plan_of, version_in, write_plan

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT / "tests" / "unit" / "finetuning_support")]
SMOLLM2 = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
TINY = {"hidden_size": 128, "intermediate_size": 352, "num_attention_heads": 4, "num_key_value_heads": 2}
# What estimates are compared on: widths, layers, vocabulary, and the plan's training.
SIZES: dict[str, tuple[dict[str, int], int, int]] = {
    "tiny, 4 layers": (TINY, 4, 8_192),
    "SmolLM2's widths, 8 layers": (SMOLLM2, 8, 49_152),
    "SmolLM2-135M": (SMOLLM2, 30, 49_152),
}
WAYS: dict[str, dict[str, Any]] = {
    "lora": {"method": "lora"},
    "full": {"method": "full"},
    "lora, packed": {"method": "lora", "packing": True},
    "lora, checkpointed": {"method": "lora", "gradient_checkpointing": True},
}


def ours(folder: Path) -> tuple[list[float], list[int]]:
    """The whole of `finetuning train`: when each step ended, and the tokens seen by then."""
    from brickyard_pipelines.finetuning.training import callbacks
    from brickyard_pipelines.finetuning.training.run import train

    ended: list[float] = []
    inherited = callbacks.Watch.on_step_begin

    def on_step_begin(*given: Any, **more: Any) -> Any:
        ended.append(time.process_time())  # the step before it has been learnt from, logged and written down
        return inherited(*given, **more)

    setattr(callbacks.Watch, "on_step_begin", on_step_begin)  # noqa: B010 it is transformers' own, not declared there
    plan, output = plan_of(folder), Path(tempfile.mkdtemp(dir=folder))
    train(plan, root=folder, model=plan.base_models[0], data=version_in(folder), output=output)
    curve = map(json.loads, (output / "curve.jsonl").read_text().splitlines())
    return ended, [int(each["tokens_seen"]) for each in curve if "tokens_seen" in each]


def bare(folder: Path) -> tuple[list[float], list[int]]:
    """The least that learns the same: forward, backward, clip, AdamW, over the same batches in the same order."""
    import torch
    from accelerate.data_loader import SeedableRandomSampler
    from datasets import Dataset
    from peft import get_peft_model

    from brickyard_pipelines.finetuning.plan.model_facts import read_facts
    from brickyard_pipelines.finetuning.preparation.version import open_version
    from brickyard_pipelines.finetuning.training import weights
    from brickyard_pipelines.finetuning.training.blocks import write_blocks
    from brickyard_pipelines.finetuning.training.collation import Collator

    plan = plan_of(folder)
    vocabulary, version = read_facts(folder / "base").vocabulary, open_version(version_in(folder))
    ended, seen, tokens = list[float](), list[int](), 0
    with tempfile.TemporaryDirectory() as name:
        blocks = write_blocks(version, "train", Path(name), plan, vocabulary=vocabulary)
        rows = Dataset.from_file(str(blocks.file)).with_format("numpy")
        base = weights.load_for_training(folder / "base", plan.training)
        model = get_peft_model(base, weights.adapter_of(plan.training))
        moved = [each for each in model.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(moved, lr=plan.training.learning_rate, weight_decay=0.0, fused=True)
        sampler = SeedableRandomSampler(rows, data_seed=plan.training.seed)
        loader = torch.utils.data.DataLoader(
            rows, BATCH, sampler=sampler, collate_fn=Collator(pad=0, packed=plan.packs)
        )
        model.train()
        for _, batch in zip(range(plan.training.length.amount), loader, strict=False):
            ended.append(time.process_time())
            tokens += int(batch.pop("tokens"))
            model(**batch, use_cache=False).loss.backward()
            torch.nn.utils.clip_grad_norm_(moved, plan.training.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            seen.append(tokens)
    return ended, seen


def estimated(folder: Path) -> dict[str, float]:
    """What the plan's estimate says of the run, with the product of matrices measured now, in seconds of processor."""
    from brickyard_pipelines.finetuning.plan import estimate
    from brickyard_pipelines.finetuning.plan.hardware import Device, machine_memory_gb, measured_cpu_tflops
    from brickyard_pipelines.finetuning.plan.model_facts import read_facts
    from brickyard_pipelines.finetuning.preparation.version import open_version

    plan = plan_of(folder)
    load = estimate.load_of(open_version(version_in(folder)).manifest)
    core = Device(memory_gb=machine_memory_gb(), tflops=measured_cpu_tflops(time.process_time), is_cpu=True)
    said = estimate.estimate(plan, read_facts(folder / "base"), load, core)
    return {"tokens_per_s": said.tokens / (said.hours * 3600), "memory_gb": said.memory_gb}


def child(what: str, folder: Path) -> None:
    """Run it, and say what it took."""
    import torch

    torch.set_num_threads(1)
    if what == "estimated":
        print(json.dumps(estimated(folder)))
        return
    ended, seen = {"ours": ours, "bare": bare}[what](folder)
    steps = [after - before for before, after in itertools.pairwise(ended)]
    tokens = [after - before for before, after in zip([0, *seen], seen, strict=False)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": steps, "tokens": tokens[: len(steps)], "peak_gb": peak}))


def measured(what: str, folder: Path) -> dict[str, Any]:
    """The answer of a child."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    argv = [sys.executable, __file__, what, "--folder", str(folder)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def steps_of(what: str, folder: Path, rounds: list[dict[str, Any]]) -> None:
    """One more round, without its first step, in which kernels are chosen."""
    found = measured(what, folder)
    rounds.append({**found, "seconds": found["seconds"][1:], "tokens": found["tokens"][1:]})


def rate(rounds: list[dict[str, Any]]) -> float:
    """Tokens per second of processor, of each step's median."""
    seconds = [statistics.median(each) for each in zip(*(one["seconds"] for one in rounds), strict=True)]
    return float(sum(rounds[0]["tokens"]) / sum(seconds))


def speed(folder: Path, options: argparse.Namespace) -> None:
    """Ours beside the bare loop, padded and packed."""
    for packing in (False, True):
        write_plan(folder, {"packing": packing}, steps=options.steps + 2)
        found: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
        for _ in range(options.rounds):
            for what, rounds in found.items():
                steps_of(what, folder, rounds)
        if found["bare"][0]["tokens"] != found["ours"][0]["tokens"]:
            raise SystemExit("the two did not learn from the same batches")
        pairs = zip(found["bare"], found["ours"], strict=True)
        shares = [b / o for one, other in pairs for b, o in zip(one["seconds"], other["seconds"], strict=True)]
        low, _, high = statistics.quantiles(shares, n=4)
        print(
            f"{'packed' if packing else 'padded'}: bare {rate(found['bare']):.0f}, ours {rate(found['ours']):.0f}"
            f" tokens per second of a core; step by step {statistics.median(shares):.1%}"
            f" (half of {len(shares)} lie in {low:.1%} to {high:.1%})",
            flush=True,
        )


def packing(folder: Path, options: argparse.Namespace) -> None:
    """Tokens of rows per second, packed beside padded, in turn."""
    found: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for _ in range(options.rounds):
        for packed, rounds in found.items():
            write_plan(folder, {"packing": packed}, steps=options.steps + 2)
            steps_of("ours", folder, rounds)
    padded, packed_rate = rate(found[False]), rate(found[True])
    print(
        f"padded {padded:.0f}, packed {packed_rate:.0f} tokens per second of a core: {packed_rate / padded:.2f} times"
    )


def estimates(options: argparse.Namespace) -> None:
    """What a run was estimated to take beside what it took."""
    print("| model | how | tokens/s estimated, measured | error | GB estimated, measured | error |")
    print("|---|---|---|---|---|---|")
    for size, (widths, layers, vocabulary) in SIZES.items():
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), widths, layers, vocabulary)
            for way, training in WAYS.items():
                write_plan(Path(name), training, steps=options.steps + 2)
                said, rounds = measured("estimated", Path(name)), list[dict[str, Any]]()
                steps_of("ours", Path(name), rounds)
                pace, peak = rate(rounds), rounds[0]["peak_gb"]
                errors = [
                    f"{ours / real - 1:+.0%}"
                    for ours, real in ((said["tokens_per_s"], pace), (said["memory_gb"], peak))
                ]
                print(
                    f"| {size} | {way} | {said['tokens_per_s']:.0f}, {pace:.0f} | {errors[0]}"
                    f" | {said['memory_gb']:.2f}, {peak:.2f} | {errors[1]} |",
                    flush=True,
                )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "packing", "estimates", "ours", "bare", "estimated"))
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        child(options.what, options.folder)
    elif options.what == "estimates":
        estimates(options)
    else:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), SMOLLM2, options.layers, 49_152)
            {"speed": speed, "packing": packing}[options.what](Path(name), options)


if __name__ == "__main__":
    main()
