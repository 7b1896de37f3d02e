"""Training against a bare transformers loop of the same model, batches and precision; packing against none; estimates.

    pipenv run python bench/finetuning_training.py --layers 8 --steps 6

Needs `make setup-finetuning`. The model has SmolLM2-135M's widths and `--layers` of its 30 layers, with weights drawn
at random: their values cost nothing. Rows are paragraphs of Python's own documentation, as long as they are. A figure
is the difference between two runs of different length, processes of their own on one core, in seconds of processor:
what begins and ends a run falls away, and so does what else the machine does.
"""

import argparse
import json
import os
import pydoc_data.topics
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT / "tests" / "unit" / "finetuning_support")]
CONTEXT, BATCH = 512, 4


def make(folder: Path, layers: int) -> None:
    """The base model, the rows, and their frozen version."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tiny_models import CHAT_TOKENS, write_tokenizer

    write_tokenizer(folder / "base", config={"tokenizer_class": "PreTrainedTokenizerFast", **CHAT_TOKENS})
    sizes = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
    config = LlamaConfig(vocab_size=49152, num_hidden_layers=layers, tie_word_embeddings=True, **sizes)
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder / "base")
    parts = [part for text in pydoc_data.topics.topics.values() for part in text.split("\n\n") if 40 < len(part) < 600]
    rows = [{"prompt": f"Explain {at}", "response": part} for at, part in enumerate(parts)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_plan(folder, packing=False, steps=1)
    from brickyard_pipelines.finetuning.preparation.prepare import prepare

    prepare(plan_of(folder), root=folder, model=folder / "base", output=folder / "data")


def write_plan(folder: Path, *, packing: bool, steps: int) -> None:
    """A plan of so many steps, whose one checkpoint is its last."""
    training = {"method": "lora", "precision": "fp32", "duration": f"{steps}ba", "batch_size": BATCH}
    training |= {"packing": packing, "checkpoint_every": 10**6, "schedule": "constant", "warmup_share": 0.0}
    document = {
        "name": "bench",
        "use_case": "bench",
        "approach": "supervised",
        "accepted_licences": ["none"],
        "base_models": [{"name": "base", "path": "base", "licence": "none"}],
        "data": {"train": [{"path": "train.jsonl"}], "context_length": CONTEXT, "limits": {"quarantined": 0.5}},
        "training": training,
    }
    (folder / "plan.yaml").write_text(json.dumps(document))


def plan_of(folder: Path) -> Any:
    """The plan as the pipelines read it."""
    from brickyard_pipelines.finetuning.plan import load_plan

    return load_plan(folder / "plan.yaml")


def version_in(folder: Path) -> Path:
    """The one frozen version."""
    return next(each.parent for each in (folder / "data").glob("*/manifest.json"))


def ours(folder: Path) -> int:
    """The whole of `finetuning train`; tokens seen."""
    from brickyard_pipelines.finetuning.training.run import train

    plan, output = plan_of(folder), Path(tempfile.mkdtemp(dir=folder))
    found = train(plan, root=folder, model=plan.base_models[0], data=version_in(folder), output=output)
    return int(found["tokens_seen"])


def bare(folder: Path) -> int:
    """The least that learns the same: forward, backward, clip, AdamW, over the same batches in the same order."""
    import torch
    from accelerate.data_loader import SeedableRandomSampler
    from datasets import Dataset
    from peft import get_peft_model

    from brickyard_pipelines.finetuning.plan.model_facts import read_facts
    from brickyard_pipelines.finetuning.preparation.version import open_version
    from brickyard_pipelines.finetuning.training import weights
    from brickyard_pipelines.finetuning.training.blocks import packs, write_blocks
    from brickyard_pipelines.finetuning.training.collation import Collator

    plan = plan_of(folder)
    vocabulary, packed = read_facts(folder / "base").vocabulary, packs(plan)
    with tempfile.TemporaryDirectory() as name:
        blocks = write_blocks(
            open_version(version_in(folder)), "train", Path(name), plan, packed=packed, vocabulary=vocabulary
        )
        rows = Dataset.from_file(str(blocks.file)).with_format("numpy")
        model = get_peft_model(
            weights.load_for_training(folder / "base", plan.training), weights.adapter_of(plan.training)
        )
        moved = [each for each in model.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(moved, lr=plan.training.learning_rate, weight_decay=0.0)
        sampler = SeedableRandomSampler(rows, data_seed=plan.training.seed)
        loader = torch.utils.data.DataLoader(rows, BATCH, sampler=sampler, collate_fn=Collator(pad=0, packed=packed))
        tokens = 0
        model.train()
        for _, batch in zip(range(plan.training.length.amount), loader, strict=False):
            tokens += int(batch.pop("tokens"))
            model(**batch).loss.backward()
            torch.nn.utils.clip_grad_norm_(moved, plan.training.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
    return tokens


def measure(what: str, folder: Path, *, packing: bool, steps: int) -> dict[str, float]:
    """Processor seconds, tokens and peak memory of one run in a process of its own."""
    write_plan(folder, packing=packing, steps=steps)
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def per_second(what: str, folder: Path, *, packing: bool, steps: int) -> tuple[float, dict[str, float]]:
    """Tokens per second of processor, and the longer run's figures."""
    short = measure(what, folder, packing=packing, steps=2)
    long = measure(what, folder, packing=packing, steps=2 + steps)
    return (long["tokens"] - short["tokens"]) / (long["s"] - short["s"]), long


def child(what: str, folder: Path) -> None:
    """Run it, and say what it took."""
    import torch

    torch.set_num_threads(1)
    started = time.process_time()
    tokens = {"ours": ours, "bare": bare}[what](folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"s": time.process_time() - started, "tokens": tokens, "peak_gb": peak}))


def estimates(folder: Path, speed: float, peak_gb: float) -> None:
    """What the plan's estimate says of the same run, with the processor's own matrix product measured now."""
    from brickyard_pipelines.finetuning.plan import estimate
    from brickyard_pipelines.finetuning.plan.hardware import device_of
    from brickyard_pipelines.finetuning.plan.model_facts import read_facts
    from brickyard_pipelines.finetuning.preparation.version import open_version

    version, plan = open_version(version_in(folder)), plan_of(folder)
    tokens = version.tokens("train")
    longest = int(version.manifest["splits"]["train"]["longest"])
    load = estimate.Load(tokens_per_epoch=tokens, tokens_per_row=tokens / version.rows("train"), longest=longest)
    said = estimate.estimate(plan, read_facts(folder / "base"), load, device_of("cpu"))
    predicted = said.tokens / (said.hours * 3600)
    print(f"estimated {predicted:.0f} tokens/s and {said.memory_gb:.2f} GB; measured {speed:.0f} and {peak_gb:.2f} GB")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.layers)
        for _ in range(options.rounds):
            for packing in (False, True):
                floor, _ = per_second("bare", folder, packing=packing, steps=options.steps)
                full, run = per_second("ours", folder, packing=packing, steps=options.steps)
                kind = "packed" if packing else "padded"
                print(f"{kind}: bare {floor:.0f}, ours {full:.0f} tokens per second of a core ({full / floor:.0%})")
                if not packing:
                    estimates(folder, full, run["peak_gb"])


if __name__ == "__main__":
    main()
