"""Preparing fine-tuning data against a floor that only parses and tokenises: MB per second of one core, peak memory.

    pipenv run python bench/finetuning_data.py --megabytes 5 --rounds 8
    pipenv run python bench/finetuning_data.py --memory 100 500 2000

Needs `tokenizers` (the extra `finetuning` of the pipelines wheel). Rows are pairs of words and numbers drawn at random,
none twice, and a tokenizer trained on them. Both run in turn in one process, so that what else the machine does meets
both alike; seconds are of processor, and the first round, which reads libraries, is left out. Memory is the share (PSS)
of a process of its own and all that it starts, on words that a tokenizer remembers, since 2 GB take long.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

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


def make(folder: Path, megabytes: int, *, words_known: int) -> None:
    """Rows of 100 to 1,900 bytes, one word in twenty a number, and a tokenizer of 8,000 tokens."""
    import tokenizers

    draw = random.Random(0)  # noqa: S311 no secret
    letters = "etaoinshrdlucmfwyp"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(words_known)]
    words[::20] = [str(draw.randrange(10**5)) for _ in words[::20]]
    written = 0
    with (folder / "train.jsonl").open("w") as file:
        while written < megabytes * 1_000_000:
            row = {part: " ".join(draw.choices(words, k=draw.randint(8, 160))) for part in ("prompt", "response")}
            written += file.write(json.dumps(row) + "\n")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<|im_start|>", "<|im_end|>", "</s>"]
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=8000, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator((" ".join(words[at : at + 100]) for at in range(0, len(words), 100)), trainer)
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


def speeds(folder: Path, rounds: int) -> list[list[float]]:
    """Processor seconds of both, round by round."""
    found = []
    for _ in range(rounds + 1):
        pair = []
        for what in (floor, ours):
            started = time.process_time()
            what(folder)
            pair.append(time.process_time() - started)
        shutil.rmtree(folder / "out")
        found.append(pair)
    return found[1:]


def child(what: str, folder: Path, rounds: int) -> None:
    """In a process that uses one core."""
    sys.path.insert(0, str(ROOT / "pipelines"))
    if what == "memory":
        started = time.process_time()
        ours(folder)
        print(json.dumps(time.process_time() - started))
    else:
        print(json.dumps(speeds(folder, rounds)))


def run(what: str, folder: Path, rounds: int = 1) -> tuple[Any, float]:
    """What a child answers, and its peak memory in MB."""
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
    argv = [sys.executable, __file__, "--child", what, str(folder), "--rounds", str(rounds)]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as begun:
        peak = 0.0
        while begun.poll() is None:
            peak = max(peak, share_mb(begun.pid))
            time.sleep(0.2)
        answer = begun.stdout.read() if begun.stdout else ""
    if begun.returncode:
        raise SystemExit(f"{what} ended with {begun.returncode}")
    return json.loads(answer.splitlines()[-1]), peak


def share_mb(pid: int) -> float:
    """The proportional memory of a process and all that it started."""
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return sum(float(each.memory_full_info().pss) for each in tree) / 1e6
    except psutil.Error:
        return 0.0


def main() -> None:
    """Print a line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="*", default=[5])
    parser.add_argument("--memory", type=int, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]), options.rounds)
        return
    for megabytes in options.memory or options.megabytes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, megabytes, words_known=4_000 if options.memory else 20_000)
            if options.memory:
                seconds, peak = run("memory", folder)
                print(f"{megabytes} MB: peak memory {peak:.0f} MB, {seconds:.0f} s of processor", flush=True)
            else:
                found, _ = run("speed", folder, options.rounds)
                print(said(megabytes, found), flush=True)


def said(megabytes: int, found: list[list[float]]) -> str:
    """The shares of the rounds as a line."""
    shares = [bare / whole for bare, whole in found]
    speed = [megabytes / statistics.median(each) for each in zip(*found, strict=True)]
    return (
        f"{megabytes} MB: floor {speed[0]:.2f}, ours {speed[1]:.2f} MB/s of a core: {statistics.median(shares):.0%}"
        f" ({min(shares):.0%} to {max(shares):.0%} in {len(found)} rounds)"
    )


if __name__ == "__main__":
    main()
