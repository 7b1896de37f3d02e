"""The run rate per month before and after, of what a price file names: always on, at its largest.

Units: the price file's currency per month. A size that is unknown, hidden or not in the file is a gap, never zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_review.analyses.prices import Prices, Rate
from brickyard_review.analyses.titles import title
from brickyard_review.model import Action, Cost, CostChange, Gap
from brickyard_review.plan.model import Plan, ResourceChange
from brickyard_review.plan.values import first_block


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """The part of a review about cost."""

    cost: Cost | None
    gaps: tuple[Gap, ...] = ()


_HOURS_PER_MONTH = 730.0


class _NoPrice(Exception):
    """Raised when a size has no price; says why."""


def cost_of(plan: Plan, prices: Prices | None) -> Costs:
    """Run rates of every change that has a price."""
    if prices is None:
        return Costs(cost=None)
    found: list[CostChange] = []
    gaps: list[Gap] = []
    for change in plan.changes:
        for rate in prices.rates:
            if rate.type == change.type and change.action not in (Action.NO_OP, Action.FORGET):
                try:
                    found.extend(_change(change, rate))
                except _NoPrice as reason:
                    gaps.append(Gap(subject=change.address, message=f"Its cost is not known: {reason}."))
    cost = Cost(
        currency=prices.currency,
        prices=f"{prices.name} of {prices.as_of}".strip(),
        before=round(sum(change.before for change in found), 2),
        after=round(sum(change.after for change in found), 2),
        changes=tuple(sorted(found, key=lambda change: -abs(change.after - change.before))),
    )
    return Costs(cost=cost, gaps=tuple(gaps))


def _change(change: ResourceChange, rate: Rate) -> Iterator[CostChange]:
    before, after = _monthly(change.before, rate), _monthly(change.after, rate)
    if round(before, 2) != round(after, 2):
        basis = f"always on at its largest, by {rate.price_by}"
        yield CostChange(
            address=change.address,
            title=title(change),
            before=round(before, 2),
            after=round(after, 2),
            basis=basis,
        )


def _monthly(values: Mapping[str, Any] | None, rate: Rate) -> float:
    if values is None:
        return 0.0
    return sum(_block(block, rate) for block in _within([values], rate.within.split(".") if rate.within else []))


def _within(found: list[Any], steps: list[str]) -> list[Mapping[str, Any]]:
    """Every block at a path, lists entered."""
    for step in steps:
        inner = [element.get(step) for element in found if isinstance(element, Mapping)]
        found = [element for value in inner for element in (value if isinstance(value, list) else [value])]
    return [element for element in found if isinstance(element, Mapping)]


def _block(block: Mapping[str, Any], rate: Rate) -> float:
    size = block.get(rate.price_by)
    if size is None or not _applies(block, rate):
        return 0.0
    if not isinstance(size, str | int | float):
        raise _NoPrice(f"{rate.price_by} is known after apply, or hidden")
    price = rate.per_hour.get(str(size))
    if price is None:
        raise _NoPrice(f"the price file has no price for {rate.price_by} {size}")
    return price * (_units(block, rate) + rate.plus) * _HOURS_PER_MONTH


def _applies(block: Mapping[str, Any], rate: Rate) -> bool:
    """Whether the block is of the kind that is priced; what is unknown counts as not set."""
    found = {name: block.get(name) for name in rate.when}
    plain = {name: value if isinstance(value, str | bool) else None for name, value in found.items()}
    return all(plain[name] in allowed for name, allowed in rate.when.items())


def _units(block: Mapping[str, Any], rate: Rate) -> float:
    """The first attribute that is set. Where none is, it is one by default, and beside a driver none."""
    for path in rate.units:
        *parents, name = path.split(".")
        inner: Mapping[str, Any] = block
        for parent in parents:
            inner = first_block(inner.get(parent))
        value = inner.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if value is not None:
            raise _NoPrice(f"{path} is known after apply, or hidden")
    return 0.0 if rate.plus else 1.0
