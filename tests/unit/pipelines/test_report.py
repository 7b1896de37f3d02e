from brickyard_pipelines.ml.evaluation.gate import Condition, Verdict
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin
from brickyard_pipelines.ml.evaluation.report import calibration_picture, page

BINS = (CalibrationBin(rows=10, mean_prediction=0.25, observed_rate=0.5),)
METRICS = {"candidate": {"roc_auc": 0.7}, "base_rate": {"roc_auc": 0.5}}


def verdict(passed: bool) -> Verdict:
    return Verdict(conditions=(Condition(name="roc_auc", passed=passed, said="0.7", needed="at least <0.8>"),))


def test_a_person_reads_the_verdict_the_conditions_and_the_rivals() -> None:
    text = page("dev.models.m version 3", verdict(False), METRICS, BINS, {"rows": "10"})
    for said in ("refused", "does not hold", "base_rate", "at least &lt;0.8&gt;", "dev.models.m version 3"):
        assert said in text


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page("m", verdict(True), METRICS, BINS, {})
    assert "passed" in text
    assert "<script" not in text
    assert "http" not in text


def test_the_picture_places_what_was_said_across_and_what_happened_up() -> None:
    assert "cx='65.0' cy='130.0'" in calibration_picture(BINS)
