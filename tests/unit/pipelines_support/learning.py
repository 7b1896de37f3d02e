"""Rows to learn from, of three months: one column tells the label, one does not."""

import datetime as dt

import numpy as np
import pandas as pd

from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.project import Period, SplitByTime

COLUMNS = [Feature(name=name, type="double", comment="") for name in ("useful", "noise")]
SOURCE = Source(feature_table="dev.features.t", feature_version=3, label_versions={"flights": 1})
SPLIT = SplitByTime(
    train=Period(since=dt.date(2013, 1, 1), until=dt.date(2013, 3, 1)),
    validation=Period(since=dt.date(2013, 3, 1), until=dt.date(2013, 4, 1)),
    holdout=Period(since=dt.date(2013, 4, 1), until=dt.date(2013, 5, 1)),
)


def labelled(rows: int = 600) -> LabelledRows:
    """The same rows each time."""
    random = np.random.default_rng(0)
    moments = pd.Series(pd.date_range("2013-01-01", "2013-03-31", periods=rows))
    features = pd.DataFrame({"useful": random.normal(size=rows), "noise": random.normal(size=rows)})
    labels = (features["useful"] + 0.3 * random.normal(size=rows) > 0).astype("int64")
    return LabelledRows(features=features, labels=labels, moments=moments, unlabelled=2)
