"""What a base model's folder says of its size: from config.json and the headers of its weights, nothing loaded.

Source: huggingface.co/docs/safetensors (a header of JSON behind 8 bytes of its length); LlamaConfig of transformers
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnsupportedModel

_NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
_MAX_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFacts:
    """The sizes of a decoder of the Llama kind: attention and gated MLP in every layer."""

    family: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    positions: int
    parameters: int
    tied: bool

    @property
    def linear_parameters(self) -> int:
        """Of the linear layers of all blocks: what LoRA stands beside and 4 bits shrink."""
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.intermediate)

    def lora_parameters(self, rank: int) -> int:
        """Of an adapter of this rank beside every linear layer: rank x (inputs + outputs) each."""
        queries, keys = self.heads * self.head_width, self.kv_heads * self.head_width
        attention = 2 * (self.hidden + queries) + 2 * (self.hidden + keys)
        return rank * self.layers * (attention + 3 * (self.hidden + self.intermediate))


def read_facts(folder: Path) -> ModelFacts:
    """The facts of a model's folder.

    Errors: UnsupportedModel when config.json is missing, damaged, or not of a decoder that is known.
    """
    config = _config(folder)
    missing = [key for key in _NEEDED if not isinstance(config.get(key), int) or config[key] < 1]
    if missing or config.get("is_encoder_decoder"):
        got = f"no usable {', '.join(missing)}" if missing else "an encoder-decoder"
        raise _refused(
            folder / "config.json", got, "a decoder of the Llama kind is needed", "Choose another base model."
        )
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    sizes: dict[str, Any] = {
        "family": str(config.get("model_type", "unknown")),
        "layers": config["num_hidden_layers"],
        "hidden": hidden,
        "intermediate": config.get("intermediate_size") or 4 * hidden,
        "heads": heads,
        "kv_heads": config.get("num_key_value_heads") or heads,
        "head_width": config.get("head_dim") or hidden // heads,
        "vocabulary": config["vocab_size"],
        "positions": config.get("max_position_embeddings") or 0,
        "tied": bool(config.get("tie_word_embeddings", False)),
    }
    computed = ModelFacts(parameters=0, **sizes)
    stored = stored_parameters(folder)
    return ModelFacts(parameters=stored or _parameters(computed), **sizes)


def stored_parameters(folder: Path) -> int:
    """How many numbers the weights' files hold, read from their headers; 0 without such files.

    Errors: UnsupportedModel when a header is damaged.
    """
    return sum(_numbers(file) for file in sorted(folder.glob("*.safetensors")))


def _numbers(file: Path) -> int:
    try:
        tensors, whole = _header(file)
    except (OSError, ValueError, struct.error, KeyError, TypeError) as error:
        raise _refused(file, f"{error}", "it must be a whole safetensors file", "Copy the model again.") from error
    if file.stat().st_size != whole:
        got, rule = f"{file.stat().st_size} bytes", f"its header says {whole}"
        raise _refused(file, got, rule, "It was cut short: copy the model again.")
    return sum(math.prod(tensor["shape"]) for tensor in tensors)


def _header(file: Path) -> tuple[list[Mapping[str, Any]], int]:
    """The tensors of a file, and how long it must be."""
    with file.open("rb") as weights:
        (length,) = struct.unpack("<Q", weights.read(8))
        header: Mapping[str, Any] = json.loads(weights.read(min(length, _MAX_HEADER_BYTES)))
    tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
    return tensors, 8 + length + max((tensor["data_offsets"][1] for tensor in tensors), default=0)


def _parameters(facts: ModelFacts) -> int:
    """Embedding (twice where the head is its own), blocks with two norms each, the last norm."""
    embeddings = facts.vocabulary * facts.hidden * (1 if facts.tied else 2)
    return embeddings + facts.linear_parameters + facts.hidden * (2 * facts.layers + 1)


def _config(folder: Path) -> Mapping[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refused(path, str(error), "a model's folder holds its config.json", "Copy the whole folder.") from error
    if not isinstance(config, dict):
        raise _refused(path, type(config).__name__, "it must be a JSON object", "Copy the whole folder.")
    return config


def _refused(path: Path, got: str, rule: str, fix: str) -> UnsupportedModel:
    return UnsupportedModel([Problem(where=str(path), got=got, rule=rule, fix=fix)])
