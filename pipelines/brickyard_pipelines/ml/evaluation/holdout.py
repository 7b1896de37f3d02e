"""A version on the hold-out, beside its baselines and the champion. Pure: models arrive as functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.ml.data.rows import LabelledRows
from brickyard_pipelines.ml.evaluation import mcnemar, metrics, slices
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.evaluation.bootstrap import Gain, paired_gain
from brickyard_pipelines.ml.evaluation.gate import Evidence
from brickyard_pipelines.ml.evaluation.mcnemar import Decisions
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin
from brickyard_pipelines.ml.project import Gate

Predict = Callable[[pd.DataFrame], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The evidence for the gate, and the whole picture for the report."""

    evidence: Evidence
    rivals: Mapping[str, Mapping[str, float]]
    calibration: tuple[CalibrationBin, ...]
    answers: NDArray[np.float64]
    decisions: Decisions | None


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
    clusters = days(holdout.moments)
    losses = {name: metrics.row_losses(gate.metric, labels, predictions) for name, predictions in said.items()}
    gains = _gains(gate, losses, clusters)
    rivals = {name: metrics.scores(labels, predictions) for name, predictions in said.items()}
    evidence = Evidence(
        metrics=rivals["candidate"],
        champion_gain=gains.pop("champion", None),
        baseline_gains=gains,
        groups=slices.guard(gate, holdout.features, losses["candidate"], losses.get("champion"), clusters),
    )
    return Comparison(
        evidence=evidence,
        rivals=rivals,
        calibration=metrics.calibration(labels, said["candidate"]),
        answers=said["candidate"],
        decisions=mcnemar.compare(labels, said["candidate"], said["champion"]) if champion is not None else None,
    )


def days(moments: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    """The day of each row: rows of one day are not independent of each other."""
    return moments.to_numpy("datetime64[D]").astype("int64")


def _gains(gate: Gate, losses: Mapping[str, NDArray[np.float64]], clusters: NDArray[np.int64]) -> dict[str, Gain]:
    own = losses["candidate"]
    return {
        name: paired_gain(loss, own, clusters, confidence=gate.confidence, resamples=gate.resamples)
        for name, loss in losses.items()
        if name != "candidate"
    }
