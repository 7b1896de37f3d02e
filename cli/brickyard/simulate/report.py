"""What a simulation brought, as a table by month. Pure."""

from collections.abc import Sequence

from rich.table import Table

from brickyard.simulate.progress import Month

_COLUMNS = ("month", "rows", "drift", "log loss", "expected", "first model", "gain", "scored by", "then", "retrained?")


def table(months: Sequence[Month]) -> Table:
    """One line per month; `gain` is how much less log loss than the first model has, never retrained."""
    shown = Table(*_COLUMNS, box=None, padding=(0, 1))
    for month in months:
        shown.add_row(
            month.month,
            f"{month.rows:,}",
            _number(month.feature_drift, 3),
            _number(month.log_loss, 4),
            _number(month.expected_log_loss, 4),
            _number(month.first_log_loss, 4),
            gain(month),
            month.champion,
            month.then if month.then != month.champion else "",
            why(month),
        )
    return shown


def gain(month: Month) -> str:
    """In percent, plus is better; empty while the first model is champion."""
    if month.log_loss is None or month.first_log_loss is None or month.log_loss == month.first_log_loss:
        return ""
    return f"{(1 - month.log_loss / month.first_log_loss) * 100:+.1f} %"


def why(month: Month) -> str:
    """The reason, and how it ended where a run was started."""
    if not month.retrained:
        return f"no: {month.decision}"
    return f"yes: {month.decision} → {month.outcome}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
