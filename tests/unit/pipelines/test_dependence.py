"""Partial dependence: what a model does with one feature, seen through its answers alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.ml.training import dependence

ROWS = pd.DataFrame(
    {
        "up": np.linspace(0, 1, 500),
        "flat": np.linspace(5, 6, 500),
        "word": pd.Series(["a", "b", "c", "a", "a"] * 100, dtype=object),
        "same": 1.0,
        "unknown": np.nan,
    }
)


def rising(frame: pd.DataFrame) -> Any:
    return (0.2 + 0.6 * frame["up"] + 0.1 * (frame["word"] == "b")).to_numpy(dtype=float)


def test_a_curve_follows_what_the_model_does_with_the_feature_and_nothing_else() -> None:
    up, flat, word = dependence.curves(rising, ROWS, ["up", "flat", "word"])
    assert np.diff(up.mean) == pytest.approx(0.6 * np.diff(up.points))
    assert max(flat.mean) == pytest.approx(min(flat.mean))
    assert dict(zip(word.points, word.mean, strict=True))["b"] == pytest.approx(
        dict(zip(word.points, word.mean, strict=True))["a"] + 0.1
    )
    assert word.points[0] == "a", "the most frequent first"
    assert all(low <= mean <= high for low, mean, high in zip(flat.low, flat.mean, flat.high, strict=True))


def test_a_feature_with_one_value_or_none_has_no_curve() -> None:
    assert [curve.feature for curve in dependence.curves(rising, ROWS, ["same", "unknown", "up"])] == ["up"]
    assert dependence.picture([], "none") is None


def test_curves_are_drawn_for_the_most_important_only() -> None:
    wide = pd.DataFrame({f"f{n}": np.arange(50.0) for n in range(9)})
    curves = dependence.curves(lambda frame: frame["f0"].to_numpy() / 50, wide, list(wide))
    assert [curve.feature for curve in curves] == [f"f{n}" for n in range(6)]
    figure = dependence.picture([*curves, *dependence.curves(rising, ROWS, ["word"])], "drawn")
    assert [axis.get_title() for axis in figure.axes if axis.get_visible()] == [*(f"f{n}" for n in range(6)), "word"]
