"""A price file: what sizes cost per hour. Its numbers are the team's own: contracts and regions differ.

Shapes: the kit's price file (docs/prices.example.yaml), and beside its keys `rates` for what it does not know, other
providers' resources included. A rate has `type`, `price_by` (the attribute that sets the price) and `per_hour` (its
values with their prices); where wanted `within` (the block that is priced), `when` (attributes and the values they must
have), `units` (attributes, the first known one multiplies) and `plus` (units on top, a driver).
Gaps: jobs and their clusters are not priced: what a run takes, only runs tell.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from brickyard_review.errors import InvalidPrices

_GPUS = ("GPU_SMALL", "GPU_MEDIUM", "GPU_LARGE", "MULTIGPU_MEDIUM", "GPU_MEDIUM_8", "GPU_LARGE_8")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Rate(_Strict):
    """The price of one kind of size."""

    type: str
    price_by: str
    per_hour: dict[str, NonNegativeFloat]
    within: str = ""
    when: dict[str, tuple[str | bool | None, ...]] = Field(default_factory=dict)
    units: tuple[str, ...] = ()
    plus: NonNegativeFloat = 0.0


class Prices(_Strict):
    """Rates of one file; `as_of` is the day of its oldest price."""

    currency: str
    as_of: str
    name: str
    rates: tuple[Rate, ...]


class _Price(_Strict):
    usd: NonNegativeFloat
    date: dt.date
    source: str


class _Sizes(_Strict):
    date: dt.date
    source: str
    sizes: dict[str, NonNegativeFloat]


class _File(_Strict):
    currency: str = Field(min_length=1, max_length=8)
    per_dbu: dict[str, _Price] = Field(default_factory=dict)
    dbu_per_hour: dict[str, _Sizes] = Field(default_factory=dict)
    nodes: dict[str, _Price] = Field(default_factory=dict)
    rates: tuple[Rate, ...] = ()


def read_prices(path: Path) -> Prices:
    """Errors: InvalidPrices, with the place in the file."""
    try:
        file = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPrices(f"{path}: cannot be read as YAML ({type(error).__name__}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidPrices(f"{path}: {where}: {first['msg']}.") from error
    dates = [one.date for part in (file.per_dbu, file.dbu_per_hour, file.nodes) for one in _dated(part)]
    oldest = min(dates).isoformat() if dates else "no date"
    return Prices(currency=file.currency, as_of=oldest, name=path.name, rates=(*_databricks(file), *file.rates))


def _dated(part: Mapping[str, Any]) -> Iterator[Any]:
    return iter(part.values())


def _databricks(file: _File) -> Iterator[Rate]:
    """What the kit's file prices. A price that is missing makes a rate without prices: then its cost is a gap."""
    warehouse = {"type": "databricks_sql_endpoint", "price_by": "cluster_size", "units": ("max_num_clusters",)}
    for price, serverless in (("sql_serverless", (True, None)), ("sql_pro", (False,))):
        hourly = _hourly(file, price, "warehouses")
        yield Rate(**warehouse, per_hour=hourly, when={"enable_serverless_compute": serverless})
    yield Rate(
        type="databricks_database_instance",
        price_by="capacity",
        per_hour=_hourly(file, "database", "online_stores"),
        units=("node_count",),
    )
    endpoint = {"type": "databricks_model_serving", "price_by": "workload_size", "within": "config.served_entities"}
    hourly = _hourly(file, "model_serving", "endpoints")
    yield Rate(**endpoint, per_hour=hourly, when={"workload_type": ("CPU", "", None)})
    yield Rate(**endpoint, per_hour={}, when={"workload_type": _GPUS})
    yield Rate(
        type="databricks_cluster",
        price_by="node_type_id",
        per_hour={name: price.usd for name, price in file.nodes.items()},
        units=("num_workers", "autoscale.max_workers"),
        plus=1,
    )


def _hourly(file: _File, price: str, sizes: str) -> dict[str, float]:
    if price not in file.per_dbu or sizes not in file.dbu_per_hour:
        return {}
    return {size: dbu * file.per_dbu[price].usd for size, dbu in file.dbu_per_hour[sizes].sizes.items()}
