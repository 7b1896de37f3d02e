"""A base model's weights, from its folder and nowhere else; adapters beside its linear layers."""

from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnsupportedModel
from brickyard_pipelines.finetuning.plan.document import Training


def load(folder: Path, **settings: Any) -> Any:
    """The model of a folder.

    Errors: UnsupportedModel when transformers cannot load it.
    """
    from transformers import AutoModelForCausalLM

    try:
        return AutoModelForCausalLM.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False, **settings
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        got = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        fix = "Copy the whole folder again, or choose a model of a family that transformers knows."
        problem = Problem(where=str(folder), got=got, rule="transformers loads it without code of its own", fix=fix)
        raise UnsupportedModel([problem]) from error


def load_for_training(folder: Path, training: Training) -> Any:
    """The model as its method trains it: whole in float32, frozen in the plan's precision, or frozen in 4 bits.

    Errors: UnsupportedModel.
    """
    import torch

    frozen = torch.bfloat16 if training.precision == "bf16" else torch.float32
    settings: dict[str, Any] = {"dtype": torch.float32 if training.method == "full" else frozen}
    if training.method == "qlora":
        from transformers import BitsAndBytesConfig

        settings["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=frozen,
        )
    model = load(folder, **settings)
    model.config.use_cache = False  # a cache of keys would hide from transformers that documents are packed
    return model


def adapter_of(training: Training) -> Any:
    """The adapter's configuration; None where the whole model is trained."""
    if training.method == "full":
        return None
    from peft import LoraConfig

    how = training.lora
    return LoraConfig(
        r=how.rank,
        lora_alpha=how.alpha,
        lora_dropout=how.dropout,
        target_modules=list(how.target_modules) or "all-linear",
        bias="none",
        task_type="CAUSAL_LM",
    )
