"""A price file: what sizes cost per hour. Its numbers are the team's own: contracts and regions differ.

Shapes: `currency`, `as_of` (a date), and `rates`, each with `type`, `price_by` (the attribute that sets the price) and
`per_hour` (its values with their prices); and where wanted `within` (the block that is priced, as
`job_cluster.new_cluster`), `units` (attributes, the first known one multiplies), `plus` (units on top, a driver),
`hours_per_month` (730 when not said) and `idle_hours_per_month` with `sleeps_by` (hours that count where that attribute
is true).
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from brickyard_review.errors import InvalidPrices

HOURS_PER_MONTH = 730.0


class Rate(BaseModel):
    """The price of one kind of size."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    type: str
    price_by: str
    per_hour: dict[str, NonNegativeFloat]
    within: str = ""
    units: tuple[str, ...] = ()
    plus: NonNegativeFloat = 0.0
    hours_per_month: NonNegativeFloat = HOURS_PER_MONTH
    sleeps_by: str = ""
    idle_hours_per_month: NonNegativeFloat = HOURS_PER_MONTH


class Prices(BaseModel):
    """A price file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = Field(min_length=1, max_length=8)
    as_of: str
    rates: tuple[Rate, ...]
    name: str = ""


def read_prices(path: Path) -> Prices:
    """Errors: InvalidPrices."""
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(document, dict):
            document = {**document, "as_of": str(document.get("as_of", "")), "name": path.name}
        return Prices.model_validate(document)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPrices(f"{path}: cannot be read as YAML ({type(error).__name__}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidPrices(f"{path}: {where}: {first['msg']}.") from error
