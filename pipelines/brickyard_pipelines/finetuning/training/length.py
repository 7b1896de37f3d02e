"""How many optimizer steps a plan's duration is. Pure."""

import math
from dataclasses import dataclass

from brickyard_pipelines.finetuning.plan.document import Training


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The steps of an epoch, of the whole run, and of its warm-up."""

    per_epoch: int
    total: int
    warmup: int


def steps_of(training: Training, *, blocks: int, tokens: int, devices: int) -> Steps:
    """The steps for so many blocks of so many tokens; an epoch's last step may be smaller than the others.

    A duration in tokens is as many steps as it takes to see that many of them, at an epoch's mean.

    >>> from brickyard_pipelines.finetuning.plan.document import Training
    >>> steps_of(Training(duration="2ep", batch_size=4), blocks=10, tokens=1000, devices=1)
    Steps(per_epoch=3, total=6, warmup=0)
    """
    batches = math.ceil(math.ceil(blocks / devices) / training.batch_size)
    per_epoch = max(math.ceil(batches / training.gradient_accumulation), 1)
    amount, unit = training.length.amount, training.length.unit
    total = {
        "ep": amount * per_epoch,
        "ba": amount,
        "tok": math.ceil(amount * per_epoch / max(tokens, 1)),
    }[unit]
    return Steps(per_epoch=per_epoch, total=total, warmup=round(training.warmup_share * total))
