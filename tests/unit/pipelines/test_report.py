import re

import numpy as np

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.evaluation.gate import Evidence
from brickyard_pipelines.ml.evaluation.holdout import Comparison
from brickyard_pipelines.ml.evaluation.mcnemar import Decisions
from brickyard_pipelines.ml.evaluation.metrics import CalibrationBin
from brickyard_pipelines.ml.evaluation.report import calibration_picture, gains_picture, page
from brickyard_pipelines.ml.evaluation.slices import Group
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict

BINS = (CalibrationBin(rows=10, mean_prediction=0.25, observed_rate=0.5),)
RIVALS = {"candidate": {"roc_auc": 0.7}, "base_rate": {"roc_auc": 0.5}}
GAIN = Gain(mean=0.02, low=-0.01, high=0.05, confidence=0.95, clusters=60)
GROUPS = (Group(column="carrier", value="<HA>", rows=12, loss=0.5, gain=None, standing="undecided", why="12 rows"),)
COMPARISON = Comparison(
    evidence=Evidence(metrics={}, baseline_gains={"base_rate": GAIN}, champion_gain=GAIN, groups=GROUPS),
    rivals=RIVALS,
    calibration=BINS,
    answers=np.array([0.5]),
    decisions=Decisions(only_candidate=7, only_champion=3, p_value=0.34),
)


def verdict(passed: bool) -> Verdict:
    return Verdict(conditions=(Condition(name="roc_auc", passed=passed, said="0.7", needed="at least <0.8>"),))


def test_a_person_reads_the_verdict_the_conditions_the_rivals_and_the_groups() -> None:
    text = page("dev.models.m version 3", verdict(False), COMPARISON, {"rows": "10"})
    for said in ("refused", "does not hold", "base_rate", "at least &lt;0.8&gt;", "dev.models.m version 3"):
        assert said in text
    for said in ("&lt;HA&gt;", "undecided", "right on 7 rows", "p = 0.34", "+2.0% (-1.0% to +5.0%)"):
        assert said in text


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page("m", verdict(True), COMPARISON, {})
    assert "passed" in text
    assert "<script" not in text
    assert "http" not in text


def test_the_picture_places_what_was_said_across_and_what_happened_up() -> None:
    assert "cx='65.0' cy='130.0'" in calibration_picture(BINS)


def test_an_interval_is_drawn_around_no_gain_and_what_is_no_number_is_not_drawn() -> None:
    picture = gains_picture({"champion": GAIN})
    zero = float(re.findall(r"<line x1='([\d.]+)'", picture)[0])
    left, right = map(float, re.findall(r"<line x1='([\d.]+)' x2='([\d.]+)'", picture)[1])
    assert left < zero < right
    broken = Gain(mean=float("nan"), low=0, high=0, confidence=0.95, clusters=1)
    assert gains_picture({"champion": broken}) == "<p>No gain could be computed.</p>"
