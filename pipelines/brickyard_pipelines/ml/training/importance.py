"""Which features a model leans on: shares that sum to 1, by SHAP where it is installed, else by permutation. Pure."""

import html
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.evaluation.metrics import row_losses

Predict = Callable[[pd.DataFrame], NDArray[np.float64]]
ARTIFACT = "importance.json"  # name to share, of a run and, beside MLmodel, of a version
_ROWS, _SHAP_ROWS, _BACKGROUND = 2000, 200, 50
_BAR = 320


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """How it was found, and each feature's share; `picture` is a PNG by SHAP, if there is one."""

    method: Literal["shap", "permutation", "none measurable"]
    shares: Mapping[str, float]
    picture: Any = None


def explain(
    predict: Predict, features: pd.DataFrame, labels: NDArray[np.int64], wish: Literal["auto", "shap", "permutation"]
) -> Importance:
    """Shares of the features, largest first, on rows that the model has not learnt from.

    Errors: InvalidProject, for SHAP by name where it is not installed.
    """
    installed = importlib.util.find_spec("shap") is not None
    if wish == "shap" and not installed:
        raise InvalidProject(
            "workflow.training.explain: got shap, which is not installed here. Add shap to the project's dependencies"
            " (it brings numba and llvmlite, some 150 MB), or leave `explain` out."
        )
    if wish != "permutation" and installed:
        return _by_shap(predict, _thinned(features, _SHAP_ROWS))
    step = _step(len(features), _ROWS)
    return _by_permutation(predict, features.iloc[::step], labels[::step])


def _by_permutation(predict: Predict, features: pd.DataFrame, labels: NDArray[np.int64]) -> Importance:
    """How much worse the log loss becomes when a column is shuffled among the rows."""
    random = np.random.default_rng(0)
    base = row_losses("log_loss", labels, predict(features)).mean()
    worse = {}
    for name in features.columns:
        shuffled = features.assign(**{name: features[name].to_numpy()[random.permutation(len(features))]})
        worse[str(name)] = max(0.0, float(row_losses("log_loss", labels, predict(shuffled)).mean() - base))
    return _importance("permutation", worse)


def _by_shap(predict: Predict, features: pd.DataFrame) -> Importance:
    """Mean absolute SHAP values of the probability, model-agnostic: text goes in as its number and comes out again."""
    import matplotlib as mpl
    import shap  # type: ignore[import-not-found]

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    codes, back = _as_numbers(features)
    explainer = shap.Explainer(
        lambda numbers: predict(back(numbers)), shap.maskers.Independent(codes, _BACKGROUND), algorithm="permutation"
    )
    values = explainer(codes, silent=True)
    shap.plots.beeswarm(values, show=False, max_display=20)
    picture = plt.gcf()
    plt.close(picture)
    weights = np.abs(values.values).mean(axis=0)
    found = _importance("shap", {str(name): float(w) for name, w in zip(features.columns, weights, strict=True)})
    return Importance(method=found.method, shares=found.shares, picture=picture)


def _as_numbers(features: pd.DataFrame) -> tuple[pd.DataFrame, Callable[[Any], pd.DataFrame]]:
    """The frame in numbers, and the way back."""
    texts = {str(name): pd.factorize(features[name]) for name in features if features[name].dtype == object}
    codes = features.assign(**{name: number for name, (number, _) in texts.items()}).astype(float)

    def back(numbers: Any) -> pd.DataFrame:
        frame = pd.DataFrame(np.asarray(numbers), columns=features.columns)
        for name, (_, words) in texts.items():
            frame[name] = pd.Series([None if n < 0 else words[int(n)] for n in frame[name]], dtype=object)
        return frame

    return codes, back


def _importance(method: Literal["shap", "permutation"], weights: Mapping[str, float]) -> Importance:
    """Shares of weights; equal ones, and said so, when nothing changes the answers.

    >>> _importance("permutation", {"a": 1.0, "b": 3.0}).shares
    {'b': 0.75, 'a': 0.25}
    >>> _importance("permutation", {"a": 0.0, "b": 0.0})
    Importance(method='none measurable', shares={'a': 0.5, 'b': 0.5}, picture=None)
    """
    total = sum(weights.values())
    if not total > 0:
        return Importance(method="none measurable", shares=dict.fromkeys(weights, 1 / len(weights)))
    ranked = sorted(weights.items(), key=lambda item: -item[1])
    return Importance(method=method, shares={name: weight / total for name, weight in ranked})


def page(importance: Importance, title: str) -> str:
    """Shares as bars, in HTML without scripts or outside files."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td><div style='background:#1f5fa8;height:.8rem;width:{share * _BAR:.0f}px'>"
        f"</div></td><td>{share:.1%}</td></tr>"
        for name, share in importance.shares.items()
    )
    style = "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem}td{padding:.1rem .6rem}</style>"
    head = f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title>{style}"
    return f"{head}<h1>{html.escape(title)}</h1><p>Method: {importance.method}.</p><table>{rows}</table>"


def _thinned(features: pd.DataFrame, most: int) -> pd.DataFrame:
    return features.iloc[:: _step(len(features), most)]


def _step(rows: int, most: int) -> int:
    return max(1, -(-rows // most))
