"""The metrics of metrics.<project>_monitoring, and which side of each is worse.

A limit without a direction breaks for the wrong reason: mlops-stacks asks `metric > threshold` of accuracy too.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownMetric:
    """A metric: whether more of it is worse, what a person is told it is, and whether it judges a version.

    Rows that several versions scored say of each version how good it is; what they are like is a matter of all rows.
    """

    more_is_worse: bool
    title: str
    of_a_version: bool = False


def _losses(prefix: str, what: str) -> dict[str, KnownMetric]:
    return {
        f"{prefix}{name}": KnownMetric(more_is_worse=worse, title=f"{title}{what}", of_a_version=True)
        for name, worse, title in (
            ("log_loss", True, "Log loss"),
            ("brier", True, "Brier score"),
            ("accuracy", False, "Accuracy at 0.5"),
            ("roc_auc", False, "ROC AUC"),
        )
    }


METRICS: Mapping[str, KnownMetric] = {
    **_losses("", ""),
    "calibration_error": KnownMetric(more_is_worse=True, title="Calibration error", of_a_version=True),
    **_losses("expected_", ", estimated before labels come"),
    "feature_drift": KnownMetric(more_is_worse=True, title="Feature drift, weighted by importance"),
    "worst_feature_drift": KnownMetric(more_is_worse=True, title="Drift of the feature that moved most"),
    "prediction_drift": KnownMetric(more_is_worse=True, title="Prediction drift"),
    "label_coverage": KnownMetric(more_is_worse=False, title="Share of rows whose label is known"),
    "volume_ratio": KnownMetric(more_is_worse=False, title="Rows, of the median of the windows before"),
    "newest_row_age_hours": KnownMetric(more_is_worse=True, title="Hours since the newest row"),
    "endpoint_error_rate": KnownMetric(more_is_worse=True, title="Endpoint: share of failed requests"),
    "endpoint_latency_p50_ms": KnownMetric(more_is_worse=True, title="Endpoint: median latency, ms"),
    "endpoint_latency_p99_ms": KnownMetric(more_is_worse=True, title="Endpoint: 99th percentile of latency, ms"),
}
# Written beside them, and no quality: they have no better side, so no limit can be set on them.
DESCRIPTIVE = ("drift", "rows", "labelled_rows", "positive_rate", "mean_prediction", "endpoint_requests")


def breach_is_above(metric: str) -> bool:
    """Whether a limit on the metric is broken above its threshold (else below).

    Errors: InvalidProject for a metric whose worse side is not known.

    >>> breach_is_above("log_loss"), breach_is_above("accuracy")
    (True, False)
    """
    if metric not in METRICS:
        close = difflib.get_close_matches(metric, METRICS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise InvalidProject(
            f"workflow.retraining.limits: got the metric {metric!r}, whose worse side is not known.{hint}"
            f" Known: {', '.join(METRICS)}."
        )
    return METRICS[metric].more_is_worse
