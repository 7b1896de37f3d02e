"""What must hold before a run begins: libraries, device, model and data fit the plan. Nothing heavy is loaded."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from brickyard_pipelines.finetuning.errors import CannotTrainHere, Problem, UnsupportedModel
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.plan.model_facts import ModelFacts
from brickyard_pipelines.finetuning.preparation.version import Version
from brickyard_pipelines.finetuning.templates.tokenizer import ModelTokenizer

_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")


def check_libraries(plan: Plan) -> None:
    """Nothing where every library that this training needs is installed.

    Errors: CannotTrainHere with those that are not.
    """
    needed = (*_LIBRARIES, *(("bitsandbytes",) if plan.training.method == "qlora" else ()))
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise CannotTrainHere(
            f"training.method {plan.training.method!r}: got an environment without {', '.join(missing)}; training needs"
            " them. Run `make setup-finetuning` in a clone; on Databricks install the wheel's extra `training`."
        )


def check_device(plan: Plan) -> None:
    """Nothing where the plan's accelerator is here.

    Errors: CannotTrainHere.
    """
    import torch

    wanted, method = plan.hardware.accelerator, plan.training.method
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if method == "qlora" and not found:
        raise CannotTrainHere(
            "training.method: got 'qlora' on a machine without a CUDA device; 4-bit weights need one."
            " Write lora, or run it on a GPU."
        )
    if wanted != "cpu" and not found:
        raise CannotTrainHere(
            f"hardware.accelerator: got {wanted!r} on a machine without a CUDA device; the run was planned for one."
            " Run it on a GPU cluster, or write cpu."
        )
    if wanted != "cpu" and plan.training.precision == "bf16" and not torch.cuda.is_bf16_supported():
        raise CannotTrainHere(
            f"training.precision: got 'bf16' on {torch.cuda.get_device_name()}, which does not compute in it."
            " Write fp32, or choose a newer GPU."
        )


def check_fit(plan: Plan, version: Version, tokenizer: ModelTokenizer, facts: ModelFacts) -> None:
    """Nothing where data, tokenizer and model belong together.

    Errors: UnsupportedModel with all that does not fit.
    """
    found = list(_unfitting(plan, version, tokenizer, facts))
    if found:
        raise UnsupportedModel(found)


def check_weights(folder: Path) -> None:
    """Nothing where the weights are safetensors: other files may run code when they are read.

    Errors: UnsupportedModel.
    """
    if not any(folder.glob("*.safetensors")):
        kinds = sorted({each.suffix for each in folder.iterdir() if each.suffix in (".bin", ".pt", ".gguf", ".h5")})
        got = f"weights as {', '.join(kinds)}" if kinds else "no weights"
        fix = "Load the model with transformers, and save it with save_pretrained."
        raise UnsupportedModel([Problem(where=str(folder), got=got, rule="weights are *.safetensors", fix=fix)])


def _unfitting(plan: Plan, version: Version, tokenizer: ModelTokenizer, facts: ModelFacts) -> Iterator[Problem]:
    settings = version.manifest["settings"]
    where, again = f"data {version.id}", "Run `finetuning prepare` for this plan and model."
    if settings["approach"] != plan.approach:
        rule = f"the plan's approach is {plan.approach}"
        yield Problem(where=where, got=f"data for {settings['approach']}", rule=rule, fix=again)
    if settings["tokenizer_sha256"] != tokenizer.sha256:
        got = f"tokens of another tokenizer (sha256 {settings['tokenizer_sha256'][:12]})"
        yield Problem(where=where, got=got, rule=f"{tokenizer.folder} has {tokenizer.sha256[:12]}", fix=again)
    prepared = settings["data"]["context_length"]
    if prepared > plan.data.context_length:
        rule = f"data.context_length is {plan.data.context_length}"
        yield Problem(where=where, got=f"rows of up to {prepared} tokens", rule=rule, fix=again)
    if 0 < facts.positions < plan.data.context_length:
        got, fix = f"{plan.data.context_length} as data.context_length", "Lower it, and prepare the data again."
        yield Problem(where=str(tokenizer.folder), got=got, rule=f"the model has {facts.positions} positions", fix=fix)
    if not version.rows("train"):
        yield Problem(where=where, got="no rows of train", rule="there is something to learn from", fix=again)
