"""Answers that share their forward passes beside the same model's answers each for itself, in one process, in turn.

    OMP_NUM_THREADS=1 pipenv run python bench/finetuning_together.py

Needs `make setup-finetuning`. SmolLM2's widths, 4 of its layers, drawn weights that say words; 16 streams of 16 tokens
at concurrency 1, 4 and 16. *Units*: tokens per second of processor and of the clock; seconds until the first piece
(median, worst) and until the whole (median).
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT / "tests" / "unit" / "finetuning_support")]
SMOLLM2 = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
REQUESTS, TOKENS = 16, 16


def served(folder: Path) -> Iterator[tuple[str, Any]]:
    """The model without and with shared passes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from brickyard_pipelines.finetuning.registration.brickyard_stream import streaming
    from flavour_models import Watched
    from tiny_models import CHAT_TOKENS, write_tokenizer

    write_tokenizer(folder, config={"tokenizer_class": "PreTrainedTokenizerFast", **CHAT_TOKENS})
    torch.manual_seed(0)
    drawn = LlamaForCausalLM(
        LlamaConfig(vocab_size=49_152, num_hidden_layers=4, tie_word_embeddings=False, **SMOLLM2)  # type: ignore[arg-type]
    )
    vocabulary: dict[str, int] = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    spoken = {at for word, at in vocabulary.items() if word.startswith("\u0120") and len(word) > 1}
    with torch.no_grad():  # what has no spaces is streamed when it ends
        drawn.lm_head.weight[[at for at in range(49_152) if at not in spoken]] = 0.0
    drawn.save_pretrained(folder)
    with mock.patch.object(streaming, "Together"):
        yield "each for itself", streaming.Streaming(Watched(folder))
    yield "together", streaming.Streaming(Watched(folder))


def streamed(model: Any, number: int) -> tuple[float, float]:
    """Seconds until the first piece and until the last."""
    began = time.perf_counter()
    pieces = model.predict_stream({"prompt": f"Count to {number}. ", "max_tokens": TOKENS})
    next(pieces)
    first = time.perf_counter() - began
    for _ in pieces:
        pass
    return first, time.perf_counter() - began


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as name:
        models = dict(served(Path(name)))
        for model in models.values():
            streamed(model, 0)
        print("| clients | how | tokens/s of processor | tokens/s | first piece | whole |\n|---|---|---|---|---|---|")
        for clients in (1, 4, 16):
            for how, model in models.items():
                processor, clock = time.process_time(), time.perf_counter()
                with ThreadPoolExecutor(clients) as pool:
                    found = list(pool.map(streamed, [model] * REQUESTS, range(1, REQUESTS + 1)))
                processor, clock = time.process_time() - processor, time.perf_counter() - clock
                first, whole = zip(*found, strict=True)
                tokens = REQUESTS * TOKENS
                print(
                    f"| {clients} | {how} | {tokens / processor:.1f} | {tokens / clock:.1f}"
                    f" | {statistics.median(first):.2f}, {max(first):.2f} | {statistics.median(whole):.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
