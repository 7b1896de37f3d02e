"""A version on the hold-out, beside its baselines and the champion. Pure: models arrive as functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.ml.data.rows import LabelledRows
from brickyard_pipelines.ml.evaluation import metrics
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.evaluation.bootstrap import Gain, paired_gain
from brickyard_pipelines.ml.evaluation.gate import Evidence
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin
from brickyard_pipelines.ml.project import Gate

Predict = Callable[[pd.DataFrame], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The evidence for the gate, and the whole picture for the report."""

    evidence: Evidence
    rivals: Mapping[str, Mapping[str, float]]
    calibration: tuple[CalibrationBin, ...]


def compare(
    gate: Gate, holdout: LabelledRows, candidate: Predict, rates: Baselines, champion: Predict | None
) -> Comparison:
    """Score all of them on the same rows.

    Errors: UnusablePredictions when candidate or champion answers anything but probabilities.
    """
    labels = np.asarray(holdout.labels, dtype=np.int64)
    said = {"candidate": metrics.checked(candidate(holdout.features), len(labels))}
    said |= rates.predict(holdout.features)
    if champion is not None:
        said["champion"] = metrics.checked(champion(holdout.features), len(labels))
    gains = _gains(gate, labels, said, days(holdout.moments))
    rivals = {name: metrics.scores(labels, predictions) for name, predictions in said.items()}
    champion_gain = gains.pop("champion", None)
    evidence = Evidence(metrics=rivals["candidate"], baseline_gains=gains, champion_gain=champion_gain)
    return Comparison(evidence=evidence, rivals=rivals, calibration=metrics.calibration(labels, said["candidate"]))


def days(moments: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    """The day of each row: rows of one day are not independent of each other."""
    return moments.to_numpy("datetime64[D]").astype("int64")


def _gains(
    gate: Gate, labels: NDArray[np.int64], said: Mapping[str, NDArray[np.float64]], clusters: NDArray[np.int64]
) -> dict[str, Gain]:
    losses = {name: metrics.row_losses(gate.metric, labels, predictions) for name, predictions in said.items()}
    own = losses.pop("candidate")
    return {
        name: paired_gain(loss, own, clusters, confidence=gate.confidence, resamples=gate.resamples)
        for name, loss in losses.items()
    }
