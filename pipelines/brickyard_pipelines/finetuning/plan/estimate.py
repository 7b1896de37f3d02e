"""What a run will take of memory, time and money, before anything runs. Pure.

Memory is weights + gradients + Adam's two moments + what the backward pass needs of the forward pass + the logits.
Time is floating point operations over what the hardware gives; on a CPU, what is done to each logit and to each number
that is kept for the backward pass costs time of its own, which in narrow models is half of all.

Source: Korthikanti et al. 2022, arXiv:2205.05198 (how activations are counted, here without attention's square term,
which fused attention does not keep); Kaplan et al. 2020, arXiv:2001.08361
(2N operations per token forward, 4N backward); Dettmers et al. 2023, arXiv:2305.14314 (4.127 bits per NF4 weight);
Hu et al. 2021, arXiv:2106.09685 (frozen weights need no gradient of their own: 2N of the 4N fall away)
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from brickyard_pipelines.finetuning.plan.document import Hardware, Plan, Training
from brickyard_pipelines.finetuning.plan.hardware import Device
from brickyard_pipelines.finetuning.plan.model_facts import ModelFacts

# What a well-fed GPU reaches of its peak in all, and a CPU in the products of such training, of torch's own of 1024.
_GPU_UTILISATION, _CPU_UTILISATION = 0.35, 0.95
# On a CPU, in operations of a product that take as long (profiled by torch: softmax and loss of a logit; norms,
# activations and sums of a kept number). A product of widths of 128 is as fast there as one of 1024.
_PER_LOGIT, _PER_KEPT = 375, 225
# What runs took of their estimates on CPUs (bench/RESULTS.md, "Fine-tuning"): least in quiet, most beside other work.
_CPU_TIME_BAND, _CPU_MEMORY_BAND = (0.8, 2.1), (0.8, 1.35)
_NF4_BYTES = 4.127 / 8
_RUNTIME_GB = 1.0  # the interpreter, torch and its kernels' workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Tokens of one epoch, of a row in the mean, and of the longest row, which a batch is filled up to.

    *Shapes*: `lengths` counts rows by the power of two that they do not exceed.
    """

    tokens_per_epoch: int
    tokens_per_row: float
    longest: int = 0
    lengths: Mapping[int, int] = field(default_factory=dict)

    def filling(self, batch_size: int) -> float:
        """How many times its tokens a padded batch holds: the longest of so many rows, over the mean of all.

        >>> Load(tokens_per_epoch=0, tokens_per_row=9, longest=16, lengths={16: 1, 4: 1}).filling(1)
        1.0
        """
        edges = sorted(self.lengths)
        total = sum(self.lengths.values())
        if not total:
            return 1.0
        sizes = [(min(edge, self.longest or edge) + edge / 2) / 2 for edge in edges]
        below = [sum(self.lengths[edge] for edge in edges[:at]) / total for at in range(len(edges) + 1)]

        def of_longest(rows: int) -> float:
            shares = (high**rows - low**rows for low, high in pairwise(below))
            return sum(size * share for size, share in zip(sizes, shares, strict=True))

        return of_longest(batch_size) / of_longest(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """*Units*: GB per device, hours, the plan's currency; cost is None without a price.

    `…_between` is where the runs that were measured ended, None on hardware that no run of ours was measured on.
    """

    weights_gb: float
    trained_gb: float
    activations_gb: float
    logits_gb: float
    available_gb: float
    tokens: float
    operations: float
    hours: float
    cost: float | None
    on_cpu: bool

    @property
    def hours_between(self) -> tuple[float, float] | None:
        """Where the time of measured runs lay beside such an estimate."""
        return _between(self.hours, _CPU_TIME_BAND) if self.on_cpu else None

    @property
    def memory_gb_between(self) -> tuple[float, float] | None:
        """Where the peak of measured runs, merging included, lay beside such an estimate."""
        return _between(self.memory_gb, _CPU_MEMORY_BAND) if self.on_cpu else None

    def as_json(self) -> dict[str, Any]:
        """All of it, for a command's answer."""
        derived = ("memory_gb", "hours_between", "memory_gb_between")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}

    @property
    def memory_gb(self) -> float:
        """The peak on one device."""
        return self.weights_gb + self.trained_gb + self.activations_gb + self.logits_gb + _RUNTIME_GB


def estimate(plan: Plan, facts: ModelFacts, load: Load, device: Device) -> Estimate:
    """The estimate for one base model. Each device holds a copy of the model (data parallel, nothing sharded)."""
    how, context = plan.training, plan.data.context_length
    per_row = min(load.tokens_per_row, context)
    per_block = context if plan.packs else per_row
    at_most = how.batch_size * (context if plan.packs else min(max(load.longest, load.tokens_per_row), context))
    tokens_per_step = how.batch_size * per_block * how.gradient_accumulation * plan.hardware.count
    tokens = how.length.tokens(tokens_per_epoch=load.tokens_per_epoch, tokens_per_step=tokens_per_step)
    # What a batch is filled up with is computed like what is learnt from; packed blocks are full.
    computed = tokens * (1.0 if plan.packs else load.filling(how.batch_size))
    operations = computed * operations_per_token(facts, how, context=per_block)
    kept = _kept_per_layer(facts, unfused=context if plan.packs and device.is_cpu else 0)
    counts_all = device.is_cpu and not plan.hardware.utilisation
    beside = computed * _beside_products(facts, how, kept) if counts_all else 0.0
    hours = (operations + beside) / (_speed(plan.hardware, device) * 1e12) / 3600
    return Estimate(
        weights_gb=_weights_bytes(facts, how) / 1e9,
        trained_gb=trained_parameters(facts, how) * 16 / 1e9,
        activations_gb=_activation_bytes(facts, how, kept, at_most) / 1e9,
        logits_gb=at_most * facts.vocabulary * _LOGIT_BYTES / 1e9,
        available_gb=device.memory_gb,
        tokens=tokens,
        operations=operations,
        hours=hours,
        cost=None if plan.hardware.price_per_hour is None else hours * plan.hardware.price_per_hour,
        on_cpu=device.is_cpu,
    )


def load_of(manifest: Mapping[str, Any]) -> Load:
    """The load of a prepared version, as its manifest counts it."""
    train = manifest["splits"]["train"]
    return Load(
        tokens_per_epoch=int(train["tokens"]),
        tokens_per_row=train["tokens"] / train["kept"],
        longest=int(train["longest"]),
        lengths={int(upto): int(count) for upto, count in train["lengths"].items()},
    )


# Logits in float32, their softmax and their gradient.
_LOGIT_BYTES = 12


def operations_per_token(facts: ModelFacts, how: Training, *, context: float) -> float:
    """Floating point operations to learn from one token: forward, backward, and forward again with checkpointing."""
    used = facts.parameters - (0 if facts.tied else facts.vocabulary * facts.hidden)  # a look-up multiplies nothing
    attention = 2.0 * facts.layers * facts.heads * facts.head_width * context  # causal: half of the square
    forward = 2.0 * used + attention
    backward = 2 * forward if how.method == "full" else forward + attention
    return forward + backward + (forward if how.gradient_checkpointing else 0.0)


def _beside_products(facts: ModelFacts, how: Training, per_layer: float) -> float:
    """What a CPU does for a token beside products, in operations of a product that take as long."""
    kept = facts.layers * per_layer
    return _PER_LOGIT * facts.vocabulary + _PER_KEPT * kept * (4 / 3 if how.gradient_checkpointing else 1)


def _between(value: float, band: tuple[float, float]) -> tuple[float, float]:
    return value * band[0], value * band[1]


def trained_parameters(facts: ModelFacts, how: Training) -> int:
    """How many numbers are moved: each with its gradient, two moments and a float32 value of its own, 16 bytes."""
    return facts.parameters if how.method == "full" else facts.lora_parameters(how.lora.rank)


def exceeded(estimated: Estimate, plan: Plan) -> Iterator[tuple[str, str, str, str]]:
    """Where the estimate is above what there is or may be spent: path, what was got, the rule, the fix."""
    if estimated.memory_gb > estimated.available_gb > 0:
        got = f"{estimated.memory_gb:.1f} GB"
        fix = "Lower training.batch_size or data.context_length, or use gradient_checkpointing, lora or qlora."
        yield "hardware", got, f"{plan.hardware.accelerator} has {estimated.available_gb:.1f} GB", fix
    if plan.budget.hours is not None and estimated.hours > plan.budget.hours:
        fix = "Shorten training.duration, or use faster hardware."
        yield "budget.hours", f"{estimated.hours:.1f} h", f"the budget is {plan.budget.hours:g} h", fix
    if plan.budget.cost is not None and estimated.cost is not None and estimated.cost > plan.budget.cost:
        money = plan.hardware.currency
        rule = f"the budget is {plan.budget.cost:g} {money}"
        yield "budget.cost", f"{estimated.cost:.0f} {money}", rule, "Shorten training.duration, or take less data."


def _weights_bytes(facts: ModelFacts, how: Training) -> float:
    if how.method == "full":
        return 0.0  # they are among what is trained
    width = 2 if how.precision == "bf16" else 4
    if how.method == "qlora":
        kept = facts.parameters - facts.linear_parameters
        return kept * width + facts.linear_parameters * _NF4_BYTES
    return float(facts.parameters * width)


def _kept_per_layer(facts: ModelFacts, *, unfused: int) -> float:
    """Numbers that a block keeps of a token for its backward pass, counted as the source counts, without dropout.

    Both norms' inputs 2 h, attention's input, query, key, value and result 5 h (h where keys are not shared), the MLP's
    input h, and gate, its activation, up and their product 4 i. Of `unfused` tokens attention keeps its weights too,
    twice: what CPUs do where a row holds several documents.
    """
    return 8 * facts.hidden + 4 * facts.intermediate + 2 * facts.heads * unfused


def _activation_bytes(facts: ModelFacts, how: Training, per_layer: float, tokens: float) -> float:
    """What is kept for the backward pass; with checkpointing each block's input, and one block at a time."""
    width = 2 if how.precision == "bf16" else 4
    kept = facts.hidden * facts.layers + per_layer if how.gradient_checkpointing else facts.layers * per_layer
    return tokens * width * kept


def _speed(hardware: Hardware, device: Device) -> float:
    share = hardware.utilisation or (_CPU_UTILISATION if device.is_cpu else _GPU_UTILISATION)
    return device.tflops * share * hardware.count
