"""The task that bench/finetuning_training.py trains: a base model of drawn weights, rows of mixed lengths, a plan."""

import importlib.util
import json
import pydoc_data.topics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTEXT, BATCH = 512, 4


def make(folder: Path, widths: dict[str, int], layers: int, vocabulary: int) -> None:
    """The base model, the rows, and their frozen version."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from brickyard_pipelines.finetuning.preparation.prepare import prepare
    from tiny_models import CHAT_TOKENS, write_tokenizer

    write_tokenizer(folder / "base", config={"tokenizer_class": "PreTrainedTokenizerFast", **CHAT_TOKENS})
    config = LlamaConfig(vocab_size=vocabulary, num_hidden_layers=layers, tie_word_embeddings=True, **widths)
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder / "base")
    (folder / "train.jsonl").write_text("".join(json.dumps({"messages": each}) + "\n" for each in conversations()))
    write_plan(folder, {}, steps=1)
    prepare(plan_of(folder), root=folder, model=folder / "base", output=folder / "data")


def conversations() -> Iterator[list[dict[str, str]]]:
    """Paragraphs of Python's own documentation; questions of trivia and talks of several turns where they are there."""
    parts = [part for text in pydoc_data.topics.topics.values() for part in text.split("\n\n") if 40 < len(part) < 1200]
    for at, part in enumerate(parts):
        yield _turns(f"Explain {at}", part)
    found = importlib.util.find_spec("chatterbot_corpus")
    if found is None:
        return
    import yaml

    for file in sorted(Path(str(found.origin)).parent.glob("data/english/*.yml")):
        for texts in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            said = [str(text) for text in texts if str(text).strip()]
            if len(said) > 1:
                yield _turns(*said[: len(said) // 2 * 2])


def _turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]


def write_plan(folder: Path, training: dict[str, Any], *, steps: int) -> None:
    """A plan of so many steps, whose one checkpoint is its last."""
    settled = {"method": "lora", "precision": "fp32", "duration": f"{steps}ba", "batch_size": BATCH, "packing": False}
    settled |= {"checkpoint_every": 10**6, "schedule": "constant", "warmup_share": 0.0, **training}
    document = {
        "name": "bench",
        "use_case": "bench",
        "approach": "chat_completion",
        "accepted_licences": ["none"],
        "base_models": [{"name": "base", "path": "base", "licence": "none"}],
        "data": {"train": [{"path": "train.jsonl"}], "context_length": CONTEXT, "limits": {"quarantined": 0.5}},
        "training": settled,
    }
    (folder / "plan.yaml").write_text(json.dumps(document))


def plan_of(folder: Path) -> Any:
    """The plan as the pipelines read it."""
    from brickyard_pipelines.finetuning.plan import load_plan

    return load_plan(folder / "plan.yaml")


def version_in(folder: Path) -> Path:
    """The one frozen version."""
    return next(each.parent for each in (folder / "data").glob("*/manifest.json"))
