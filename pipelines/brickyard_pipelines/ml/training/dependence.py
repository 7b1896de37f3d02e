"""How the answers change with one feature while the others stay as they are (partial dependence). Pure but for drawing.

Source: Friedman 2001, section 8.2; scikit-learn's `PartialDependenceDisplay` draws the same of an estimator, and a
model here is a function of a frame, as an endpoint has it.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from brickyard_pipelines.ml.training.importance import Predict

_ROWS, _MOST_POINTS, _FEATURES, _ACROSS = 200, 12, 6, 3
_INNER = (0.02, 0.98)  # beyond these there are too few rows for a curve to say anything


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One feature's values, the mean answer at each, and the range of the middle 80 % of rows."""

    feature: str
    points: tuple[Any, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether the values have an order and distances."""
        return not isinstance(self.points[0], str)


def curves(predict: Predict, features: pd.DataFrame, most_important: Sequence[str]) -> list[Curve]:
    """Curves of the first few features that have more than one value."""
    rows = features.iloc[:: max(1, -(-len(features) // _ROWS))]
    found: list[Curve] = []
    for name in most_important:
        values = _values(features[name])
        if len(values) > 1 and len(found) < _FEATURES:
            found.append(_curve(predict, rows, name, values))
    return found


def _curve(predict: Predict, rows: pd.DataFrame, name: str, values: Sequence[Any]) -> Curve:
    kind = rows[name].dtype
    answers = np.array([predict(rows.assign(**{name: pd.Series(value, rows.index, dtype=kind)})) for value in values])
    low, high = np.quantile(answers, (0.1, 0.9), axis=1)
    return Curve(
        feature=name,
        points=tuple(values),
        mean=tuple(answers.mean(axis=1).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _values(column: pd.Series) -> list[Any]:
    """Points of a number's range where rows are, or the most frequent words."""
    known = column.dropna()
    if not pd.api.types.is_numeric_dtype(known):
        return [str(value) for value in known.astype(str).value_counts().index[:_MOST_POINTS]]
    if known.empty:
        return []
    points = np.quantile(known.to_numpy(dtype=float), np.linspace(*_INNER, _MOST_POINTS), method="nearest")
    return [value.item() for value in np.unique(points)]


def picture(drawn: Sequence[Curve], title: str) -> Any:
    """A matplotlib figure, or None where there is nothing to draw, or nothing to draw with."""
    if not drawn or importlib.util.find_spec("matplotlib") is None:
        return None
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    down = -(-len(drawn) // _ACROSS)
    figure, axes = plt.subplots(
        down, _ACROSS, figsize=(11, 2.9 * down), sharey=True, squeeze=False, layout="constrained", dpi=110
    )
    for axis, curve in zip(axes.flat, drawn, strict=False):
        _draw(axis, curve)
    for axis in axes.flat[len(drawn) :]:
        axis.set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    plt.close(figure)
    return figure


def _draw(axis: Any, curve: Curve) -> None:
    places = curve.points if curve.is_numeric else range(len(curve.points))
    if curve.is_numeric:
        axis.fill_between(places, curve.low, curve.high, color="#1f5fa8", alpha=0.15, lw=0)
        axis.plot(places, curve.mean, color="#1f5fa8", lw=2)
    else:
        spread = [[m - a for m, a in zip(curve.mean, curve.low, strict=True)]]
        spread += [[b - m for m, b in zip(curve.mean, curve.high, strict=True)]]
        axis.errorbar(places, curve.mean, yerr=np.maximum(spread, 0), fmt="o", color="#1f5fa8", ecolor="#c5d5e8")
        axis.set_xticks(list(places), [value[:12] for value in curve.points], rotation=60, fontsize=7)
    axis.set_title(curve.feature, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="#e3e8ee")
