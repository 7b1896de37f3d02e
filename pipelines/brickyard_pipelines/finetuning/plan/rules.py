"""What a plan must keep beyond the types of its keys. Pure: every problem is told, not the first only."""

from collections.abc import Iterator

from brickyard_pipelines.finetuning.plan import base_models, evaluation
from brickyard_pipelines.finetuning.plan.document import Plan, Source
from brickyard_pipelines.finetuning.plan.durations import parse_duration
from brickyard_pipelines.finetuning.plan.hardware import ACCELERATORS

Broken = tuple[str, str, str, str]


def problems(plan: Plan) -> Iterator[Broken]:
    """What does not hold: path, what was got, the rule, the fix."""
    yield from _models(plan)
    yield from base_models.problems(plan.base_models)
    yield from _sources(plan)
    yield from _splits(plan)
    yield from _data(plan)
    yield from _training(plan)
    yield from _numbers(plan)
    yield from _hardware(plan)
    yield from evaluation.problems(plan.evaluation, tuple(model.name for model in plan.base_models))


def _models(plan: Plan) -> Iterator[Broken]:
    if not plan.base_models:
        yield "base_models", "an empty list", "there is a model to start from", "Add name, path and licence of one."
    accepted = {licence.lower() for licence in plan.accepted_licences}
    names = [model.name for model in plan.base_models]
    for number, model in enumerate(plan.base_models):
        path = f"base_models[{number}]"
        if model.licence.lower() not in accepted:
            fix = f"Have it approved and add it to accepted_licences ({', '.join(sorted(accepted)) or 'none yet'})."
            yield f"{path}.licence", repr(model.licence), "only accepted licences are used", fix
        if names.index(model.name) != number:
            yield f"{path}.name", repr(model.name), "names are unique", "Give each model a name of its own."


def _sources(plan: Plan) -> Iterator[Broken]:
    if not plan.data.train:
        yield "data.train", "an empty list", "there is something to learn from", "Add a source with a path or table."
    for split in ("train", "eval", "test"):
        sources: tuple[Source, ...] = getattr(plan.data, split)
        for number, source in enumerate(sources):
            yield from _source(source, f"data.{split}[{number}]")
            if split != "train" and source in plan.data.train:
                got = f"{source.path or source.table} again"
                yield f"data.{split}[{number}]", got, f"{split} is not train", "Hold out other rows, or use data.split."


def _source(source: Source, path: str) -> Iterator[Broken]:
    if (source.path is None) == (source.table is None):
        got = "both path and table" if source.path else "neither path nor table"
        yield path, got, "a source is a path or a table", "Keep one of the two."
    if source.format == "delta" and source.table is None:
        yield f"{path}.format", "'delta' with a path", "Delta is read as a table", "Write table: catalog.schema.name."
    if source.version is not None and (source.table is None or source.version < 0):
        got = repr(source.version) if source.table else "one with a path"
        yield f"{path}.version", got, "a Delta table has versions from 0 on", "Leave it out for the newest."
    if source.table is not None and source.table.count(".") != 2:
        yield f"{path}.table", repr(source.table), "a table has three levels", "Write catalog.schema.name."


def _splits(plan: Plan) -> Iterator[Broken]:
    for name in ("eval", "test"):
        share = getattr(plan.data.split, name)
        if not 0 <= share < 0.5:
            yield f"data.split.{name}", repr(share), "a share held out lies in 0 to 0.5", "0.05 is usual."
        if share and getattr(plan.data, name):
            got = f"{share} beside sources of its own"
            yield f"data.split.{name}", got, "rows are held out in one way", f"Keep data.{name} or data.split.{name}."


def _data(plan: Plan) -> Iterator[Broken]:
    data = plan.data
    if data.context_length < 8:
        yield "data.context_length", repr(data.context_length), "it is at least 8 tokens", "1024 is usual."
    if not 0.5 <= data.near_duplicates.threshold <= 1:
        got = repr(data.near_duplicates.threshold)
        yield "data.near_duplicates.threshold", got, "a similarity lies in 0.5 to 1", "0.8 is usual."
    for name in ("quarantined", "leaked"):
        if not 0 <= getattr(data.limits, name) <= 1:
            got = repr(getattr(data.limits, name))
            yield f"data.limits.{name}", got, "a share lies in 0 to 1", "Write 0.05 for 5 %."
    if data.max_row_bytes < 1000:
        yield "data.max_row_bytes", repr(data.max_row_bytes), "it is at least 1000", "Leave it out for 4 MB."
    if data.system_prompt is not None and plan.approach == "continued_pretraining":
        yield (
            "data.system_prompt",
            "a prompt",
            "plain text has no system prompt",
            "Remove it, or choose another approach.",
        )


def _training(plan: Plan) -> Iterator[Broken]:
    how = plan.training
    if parse_duration(how.duration) is None:
        got = repr(how.duration)
        yield "training.duration", got, "it is epochs, steps or tokens", "Write 3ep, 200ba or 1_000_000tok."
    if not 1 <= how.lora.rank <= 1024 or not 0 <= how.lora.dropout < 1 or how.lora.alpha < 1:
        got = f"rank {how.lora.rank}, alpha {how.lora.alpha}, dropout {how.lora.dropout}"
        yield "training.lora", got, "rank is 1 to 1024, alpha above 0, dropout below 1", "Leave it out."
    if how.patience is not None and (how.patience < 1 or not (plan.data.eval or plan.data.split.eval)):
        fix = "Hold out eval rows, and write 1 or more."
        yield "training.patience", repr(how.patience), "early stop counts evaluations of eval rows", fix
    if plan.approach == "continued_pretraining" and how.packing is False:
        yield "training.packing", "false", "plain text is packed, or most of a batch is padding", "Leave it out."


_AT_LEAST_ONE = ("batch_size", "gradient_accumulation", "checkpoint_every", "keep_checkpoints", "evaluate_every")
_BETWEEN = {"learning_rate": (1e-9, 1), "warmup_share": (0, 0.5), "weight_decay": (0, 1), "max_grad_norm": (1e-9, 1e6)}


def _numbers(plan: Plan) -> Iterator[Broken]:
    for name in _AT_LEAST_ONE:
        value = getattr(plan.training, name)
        if value < 1:
            yield f"training.{name}", repr(value), "it is at least 1", "Raise it."
    for name, (low, high) in _BETWEEN.items():
        value = getattr(plan.training, name)
        if not low <= value <= high:
            yield f"training.{name}", repr(value), f"it lies between {low:g} and {high:g}", "Leave it out."


def _hardware(plan: Plan) -> Iterator[Broken]:
    where = plan.hardware
    if where.accelerator not in ACCELERATORS:
        got = repr(where.accelerator)
        yield "hardware.accelerator", got, "it must be one that is known", f"One of {', '.join(ACCELERATORS)}."
        return
    kind = ACCELERATORS[where.accelerator]
    if where.count < 1:
        yield "hardware.count", repr(where.count), "it is at least 1", "Write how many accelerators there are."
    if where.utilisation is not None and not 0 < where.utilisation <= 1:
        yield "hardware.utilisation", repr(where.utilisation), "a share lies in 0 to 1", "0.35 is usual on a GPU."
    if plan.training.method == "qlora" and not kind.quantises:
        yield "training.method", f"'qlora' on {where.accelerator}", "4-bit weights need CUDA", "Use lora, or a GPU."
    if plan.training.precision == "bf16" and not kind.bf16:
        yield "training.precision", f"'bf16' on {where.accelerator}", "it does not compute in bf16", "Write fp32."
    if plan.budget.cost is not None and where.price_per_hour is None:
        yield "budget.cost", repr(plan.budget.cost), "a cost needs a price", "Give hardware.price_per_hour."
