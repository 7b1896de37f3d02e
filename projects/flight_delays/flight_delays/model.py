"""The reference model: gradient boosted trees over mixed columns, answering a probability.

This module is packed with the model (`code_paths`): it may import scikit-learn and pandas, nothing of ours.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder


class LateProbability(BaseEstimator):  # type: ignore[misc]
    """A classifier whose `predict` answers the probability of class 1, as an endpoint should.

    Columns that a request leaves out count as missing values; columns it should not have are ignored.
    """

    def __init__(self, classifier: Any = None) -> None:
        self.classifier = classifier

    def fit(self, features: pd.DataFrame, labels: "pd.Series[int]") -> "LateProbability":
        """Fit the classifier and remember which columns it takes."""
        self.feature_names_ = list(features.columns)
        self.classifier.fit(features, labels)
        return self

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """The probability of arriving more than 15 minutes late, one per row."""
        known = features.reindex(columns=self.feature_names_)
        probabilities: NDArray[np.float64] = self.classifier.predict_proba(known)[:, 1]
        return probabilities


def train(features: pd.DataFrame, labels: "pd.Series[int]", parameters: Mapping[str, Any]) -> LateProbability:
    """A fitted model.

    Missing numbers go to the side of each split that suits them best (no imputation). Text is numbered; a value
    not seen in training counts as missing.
    """
    text = [name for name in features.columns if features[name].dtype == object]
    encoder = ColumnTransformer(
        [("text", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), text)],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    trees = HistGradientBoostingClassifier(categorical_features=list(range(len(text))), **parameters)
    return LateProbability(Pipeline([("encode", encoder), ("trees", trees)])).fit(features, labels)
