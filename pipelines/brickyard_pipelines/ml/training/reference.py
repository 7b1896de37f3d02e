"""The reference model: gradient boosted trees over mixed columns, of scikit-learn's own types only."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

# What its file may bring besides the plain types of scikit-learn: the trees themselves.
TRUSTED_TYPES = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)


def train(features: pd.DataFrame, labels: "pd.Series[int]", parameters: Mapping[str, Any]) -> Any:
    """A fitted pipeline; `parameters` are those of HistGradientBoostingClassifier.

    Missing numbers go to the side of each split that suits them best (no imputation). Text is numbered; a
    value not seen in training counts as missing, and the rarest beyond 250 of a column share a number.
    """
    from sklearn.compose import ColumnTransformer  # seconds of imports that other steps do not need
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    text = [name for name in features.columns if not pd.api.types.is_numeric_dtype(features[name])]
    numbered = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
        max_categories=250,
    )
    encoder = ColumnTransformer([("text", numbered, text)], remainder="passthrough", verbose_feature_names_out=False)
    trees = HistGradientBoostingClassifier(categorical_features=list(range(len(text))), **parameters)
    return Pipeline([("encode", encoder), ("trees", trees)]).fit(features, labels)
