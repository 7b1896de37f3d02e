"""How an environment is run: who hears of failures, and what it may cost."""

from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.strict import Email, Strict, Uuid


class Notifications(Strict):
    """Who hears of a failed run or a broken rule of quality."""

    on_failure: Annotated[tuple[Email, ...], Field(strict=False)] = Field(default=(), description="e-mail addresses")
    destinations: Annotated[tuple[Uuid, ...], Field(strict=False)] = Field(
        default=(), description="ids of the workspace's notification destinations"
    )


class Budget(Strict):
    """What the environment may cost by the estimate of `brickyard doctor`."""

    monthly_usd: float = Field(gt=0, le=1e9, allow_inf_nan=False, description="US dollars in a month, above 0")
