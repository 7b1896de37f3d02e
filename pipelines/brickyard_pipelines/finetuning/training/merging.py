"""The tuned model as folders that others load: `adapter/` where there is one, and `merged/` with the tokenizer.

The best checkpoint is read again from disk and laid on the base model anew, so that what is handed on is what was
written, not what memory held.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.outputs import place_folder
from brickyard_pipelines.finetuning.training.weights import load

_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
# What transformers writes anew for the merged model, or what is no part of it.
_NOT_COPIED = (".safetensors", ".bin", ".gguf", ".index.json")
_WRITTEN = ("config.json", "generation_config.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """A checkpoint of a base model, and the tokens that end its answers. `adapter` says whether it is one."""

    base: Path
    checkpoint: Path
    adapter: bool
    stop_ids: Sequence[int]
    pad: int


def write(tuned: Tuned, output: Path, scratch: Path) -> Mapping[str, str]:
    """The folders under `output`, each whole or not there; their paths by name."""
    places: dict[str, str] = {}
    if tuned.adapter:
        made = scratch / "adapter"
        made.mkdir()
        for name in _ADAPTER:
            shutil.copyfile(tuned.checkpoint / name, made / name)
        place_folder(made, output / "adapter")
        places["adapter"] = str(output / "adapter")
    merged = scratch / "merged"
    _merged(tuned).save_pretrained(merged)
    _beside(tuned, merged)
    place_folder(merged, output / "merged")
    shutil.rmtree(merged)
    return {**places, "merged": str(output / "merged")}


def _merged(tuned: Tuned) -> Any:
    """The model in its base's own precision; adapters are added in float32, where nothing is rounded twice."""
    import torch
    from transformers import AutoConfig

    stored = AutoConfig.from_pretrained(str(tuned.base), local_files_only=True).dtype or torch.float32
    if not tuned.adapter:
        return load(tuned.checkpoint, dtype=stored)
    from peft import PeftModel

    base = load(tuned.base, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, str(tuned.checkpoint)).merge_and_unload(safe_merge=True)
    return model.to(stored)


def _beside(tuned: Tuned, merged: Path) -> None:
    """The base's tokenizer and licence, byte for byte, and generation that ends where training taught it to."""
    for file in tuned.base.iterdir():
        hidden = file.name.startswith(".")
        if file.is_file() and not hidden and not file.name.endswith(_NOT_COPIED) and file.name not in _WRITTEN:
            shutil.copyfile(file, merged / file.name)
    own = tuned.base / "generation_config.json"
    settings: dict[str, Any] = json.loads(own.read_text(encoding="utf-8")) if own.is_file() else {}
    settings |= {"eos_token_id": list(tuned.stop_ids), "pad_token_id": tuned.pad}
    (merged / "generation_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    config = json.loads((merged / "config.json").read_text(encoding="utf-8")) | {"use_cache": True}
    (merged / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
