"""A price file: what things cost, as data, each with its date and source.

Units: US dollars for a DBU or an hour of a machine; DBU for an hour of a size.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from brickyard.errors import BrickyardError, in_one_line
from brickyard_stacks.settings.strict import Strict, Text

_Amount = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class InvalidPrices(BrickyardError):
    """Raised when a price file is missing or wrong."""


class Price(Strict):
    """An amount, when it was true, and who says so."""

    usd: _Amount
    date: date
    source: Text


class Sizes(Strict):
    """How many DBU an hour of each size takes."""

    date: date
    source: Text
    sizes: dict[Text, _Amount]


class DbuPerHour(Strict):
    """By what is sized."""

    warehouses: Sizes
    endpoints: Sizes
    online_stores: Sizes | None = None


class Prices(Strict):
    """Everything in a price file. What is not in it is unknown."""

    currency: Literal["USD"]
    per_dbu: dict[Literal["sql_serverless", "sql_pro", "model_serving", "database"], Price]
    dbu_per_hour: DbuPerHour
    nodes: dict[Text, Price] = Field(default={})
    rates: list[dict[str, Any]] = Field(default=[], description="other types' prices, which `brickyard review` reads")

    @property
    def oldest(self) -> date:
        """The date of the price that was looked at longest ago."""
        return min(price.date for price in [*self.per_dbu.values(), *self.nodes.values()])


def load_prices(file: Path) -> Prices:
    """Errors: InvalidPrices, naming every problem with its key."""
    try:
        return Prices.model_validate(yaml.safe_load(file.read_text()))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPrices(f"{file} cannot be read as a price file: {in_one_line(error)}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}; got {str(e['input'])[:60]!r}" for e in error.errors()]
        raise InvalidPrices(
            f"{file} is no price file (docs/prices.example.yaml is one):\n" + "\n".join(lines)
        ) from error
