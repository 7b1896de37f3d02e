"""The picture of a simulation: quality by month with and without retraining, and what drifted."""

from collections.abc import Sequence
from pathlib import Path

from brickyard.simulate.progress import Month

_BLUE, _GREY, _GREEN, _RED = "#1f5fa8", "#8a949f", "#2b7a4b", "#a3261b"


def draw(months: Sequence[Month], file: Path, *, title: str) -> None:
    """Write a PNG, whole or not at all."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    at = range(len(months))
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(9, 5.6), height_ratios=[3, 1], sharex=True, layout="constrained", dpi=130
    )
    above.plot(
        at, _series(months, "first_log_loss"), color=_GREY, lw=2, marker="o", ms=4, label="first model, never retrained"
    )
    above.plot(
        at, _series(months, "log_loss"), color=_BLUE, lw=2, marker="o", ms=5, label="champion, retrained by itself"
    )
    above.plot(
        at, _series(months, "expected_log_loss"), color=_GREEN, lw=1.2, ls="--", label="estimated before labels came"
    )
    above.set_ylabel("log loss (lower is better)")
    above.set_title(title, loc="left", fontsize=11)
    below.bar(at, [month.feature_drift or 0 for month in months], color=_BLUE, width=0.5)
    below.set_ylabel("feature drift")
    below.set_xticks(at, [month.month for month in months])
    for n, month in enumerate(months):
        if month.retrained:
            kept = month.then == month.champion
            for axis in (above, below):
                axis.axvline(n + 0.5, color=_RED, lw=1, ls=":" if kept else "-")
            said = "refused" if kept else f"version {month.then}"
            above.annotate(
                said,
                (n + 0.5, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3, -11),
                textcoords="offset points",
                color=_RED,
                fontsize=8,
            )
    for axis in (above, below):
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e3e8ee")
        axis.set_axisbelow(True)
    above.legend(frameon=False, fontsize=9)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    figure.savefig(partial, format="png")
    plt.close(figure)
    partial.replace(file)


def _series(months: Sequence[Month], name: str) -> list[float]:
    """Gaps where nothing was measured."""
    values = [getattr(month, name) for month in months]
    return [float("nan") if value is None else float(value) for value in values]
