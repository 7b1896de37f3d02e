"""Preparing fine-tuning data against a floor that only parses and tokenises: MB per second of one core, peak memory.

    pipenv run python bench/finetuning_data.py --megabytes 10 40

Needs `tokenizers` (the extra `finetuning` of the pipelines wheel). Rows are pairs of words drawn at random, none twice,
and a tokenizer trained on them; each measurement is a process of its own.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
PLAN = """name: bench
use_case: bench
approach: supervised
accepted_licences: [mit]
base_models: [{name: m, path: model, licence: mit}]
data: {train: [{path: train.jsonl}], context_length: 4096}
training: {precision: fp32}
"""


def make(folder: Path, megabytes: int) -> None:
    """Rows of 100 to 1,900 bytes, and a tokenizer of 8,000 words."""
    import tokenizers

    draw = random.Random(0)  # noqa: S311 no secret
    letters = "etaoinshrdlucmfwyp"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(20_000)]
    written = 0
    with (folder / "train.jsonl").open("w") as file:
        while written < megabytes * 1_000_000:
            row = {part: " ".join(draw.choices(words, k=draw.randint(8, 160))) for part in ("prompt", "response")}
            written += file.write(json.dumps(row) + "\n")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<|im_start|>", "<|im_end|>", "</s>"]
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=8000, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator((" ".join(words[at : at + 100]) for at in range(0, 20_000, 100)), trainer)
    (folder / "model").mkdir()
    tokenizer.save(str(folder / "model" / "tokenizer.json"))
    settings = {"eos_token": "</s>", "chat_template": TEMPLATE}
    (folder / "model" / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "plan.yaml").write_text(PLAN)


def floor(folder: Path) -> None:
    """Parse and tokenise, nothing else."""
    from tokenizers import Tokenizer

    tokenizer, held = Tokenizer.from_file(str(folder / "model" / "tokenizer.json")), []
    with (folder / "train.jsonl").open() as file:
        for line in file:
            row = json.loads(line)
            held.append(row["prompt"] + row["response"])
            if len(held) == 256:
                tokenizer.encode_batch(held)
                held = []
    tokenizer.encode_batch(held)


def ours(folder: Path) -> None:
    """The whole of `finetuning prepare`."""
    from brickyard_pipelines.finetuning.plan import load_plan
    from brickyard_pipelines.finetuning.preparation.prepare import prepare

    prepare(load_plan(folder / "plan.yaml"), root=folder, model=folder / "model", output=folder / "out")


def measure(what: str, folder: Path) -> dict[str, float]:
    """Processor seconds and peak memory of one run in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, str(folder)],
        env={**os.environ, "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def child(what: str, folder: Path) -> None:
    """Run it, and say what it took."""
    sys.path.insert(0, str(ROOT / "pipelines"))
    started = time.process_time()
    {"floor": floor, "ours": ours}[what](folder)
    seconds = time.process_time() - started
    print(json.dumps({"s": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return
    for megabytes in options.megabytes:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), megabytes)
            base, full = measure("floor", Path(name)), measure("ours", Path(name))
        speeds = [megabytes / each["s"] for each in (base, full)]
        print(
            f"{megabytes} MB: floor {speeds[0]:.2f}, ours {speeds[1]:.2f} MB/s of a core ({speeds[1] / speeds[0]:.0%}),"
            f" peak memory {base['peak_mb']:.0f} and {full['peak_mb']:.0f} MB"
        )


if __name__ == "__main__":
    main()
