"""plan.yaml as frozen dataclasses: use case, base models, data, training, evaluation, hardware, budget."""

from dataclasses import dataclass, field
from typing import Literal

from brickyard_pipelines.finetuning.plan.base_models import BaseModel
from brickyard_pipelines.finetuning.plan.durations import Duration, parse_duration
from brickyard_pipelines.finetuning.plan.evaluation import Evaluation

Approach = Literal["supervised", "continued_pretraining", "chat_completion"]
# The retired Foundation Model Fine-tuning API's names, which customers have in their scripts.
LEGACY_TASK_TYPES: dict[str, Approach] = {
    "INSTRUCTION_FINETUNE": "supervised",
    "CONTINUED_PRETRAIN": "continued_pretraining",
    "CHAT_COMPLETION": "chat_completion",
}
Format = Literal["jsonl", "csv", "parquet", "text", "documents", "delta"]
Shape = Literal["prompt_response", "alpaca", "sharegpt", "messages", "text"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Rows of one split: a file, a folder or a table. `format` and `shape` are found out when left out.

    *Shapes*: `columns` names the source's own keys: `{prompt: question, response: answer}`. `version` is a Delta
    table's; left out, the one that it has when reading begins, which the frozen data records.
    """

    path: str | None = None
    table: str | None = None
    version: int | None = None
    format: Format | None = None
    shape: Shape | None = None
    columns: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Shares of the training rows that are held out, by the hash of `by` (a column), or of the row itself."""

    eval: float = 0.0
    test: float = 0.0
    by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NearDuplicates:
    """Rows whose sets of 12-byte shingles overlap by `threshold` (Jaccard) or more count as one."""

    remove: bool = True
    threshold: float = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Shares above which preparation refuses the data, instead of going on with what is left."""

    quarantined: float = 0.05
    leaked: float = 0.2
    min_rows: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """What is learnt from, what training is watched by (`eval`), and what nothing but the end sees (`test`)."""

    train: tuple[Source, ...]
    eval: tuple[Source, ...] = ()
    test: tuple[Source, ...] = ()
    split: Split = Split()
    context_length: int = 1024
    system_prompt: str | None = None
    near_duplicates: NearDuplicates = NearDuplicates()
    pii: Literal["flag", "quarantine", "ignore"] = "flag"
    special_tokens: Literal["quarantine", "keep"] = "quarantine"
    limits: Limits = Limits()
    id_column: str = "id"
    slices: tuple[str, ...] = ()
    max_row_bytes: int = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Lora:
    """An adapter beside every linear layer, or beside those named."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """How the weights are moved. `duration` is the retired API's: `3ep`, `200ba` or `1_000_000tok`."""

    method: Literal["lora", "qlora", "full"] = "lora"
    duration: str = "1ep"
    learning_rate: float = 2e-4
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup_share: float = 0.03
    batch_size: int = 8
    gradient_accumulation: int = 1
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    precision: Literal["bf16", "fp32"] = "bf16"
    gradient_checkpointing: bool = False
    packing: bool | None = None
    seed: int = 17
    lora: Lora = Lora()
    checkpoint_every: int = 100
    keep_checkpoints: int = 2
    evaluate_every: int = 100
    patience: int | None = None
    sample_prompts: tuple[str, ...] = ()

    @property
    def length(self) -> Duration:
        """The duration as a number and its unit.

        Errors: ValueError for what the plan's rules would have refused.
        """
        found = parse_duration(self.duration)
        if found is None:
            raise ValueError(self.duration)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """Where it runs. The price is the customer's own: list price, DBUs and discounts differ."""

    accelerator: str = "cpu"
    count: int = 1
    price_per_hour: float | None = None
    currency: str = "USD"
    utilisation: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What a run may take; an estimate above it refuses to begin."""

    hours: float | None = None
    cost: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The whole of plan.yaml."""

    name: str
    use_case: str
    approach: Approach
    base_models: tuple[BaseModel, ...]
    accepted_licences: tuple[str, ...]
    data: Data
    criteria: str = "criteria.yaml"
    training: Training = Training()
    hardware: Hardware = Hardware()
    budget: Budget = Budget()
    evaluation: Evaluation = field(default_factory=Evaluation)
    register_to: str | None = None

    @property
    def packs(self) -> bool:
        """Whether rows share blocks: as the plan says, else plain text does, and rows with answers do not."""
        wanted = self.training.packing
        return self.approach == "continued_pretraining" if wanted is None else wanted
