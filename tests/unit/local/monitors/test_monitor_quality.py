"""Metrics of a confusion matrix against scikit-learn, and granularities."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from brickyard_local.monitors.engine.quality import classification
from brickyard_local.monitors.granularities import known

pairs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)


@settings(deadline=None, max_examples=30)
@given(rows=pairs)
def test_a_confusion_matrix_gives_the_scores_of_its_rows(rows: list[tuple[str, str]]) -> None:
    counted = {pair: rows.count(pair) for pair in rows}
    guess, truth = [pair[0] for pair in rows], [pair[1] for pair in rows]

    found = classification(counted)

    assert found["accuracy_score"] == pytest.approx(metrics.accuracy_score(truth, guess))
    scores = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1_score": metrics.f1_score}
    for name, score in scores.items():
        for average in ("macro", "weighted"):
            assert found[name][average] == pytest.approx(score(truth, guess, average=average, zero_division=0))


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [("5 minutes", True), ("1 week", True), ("4 weeks", True), ("5 weeks", False), ("2 days", False), ("", False)],
)
def test_granularities_are_those_that_databricks_has(granularity: str, *, expected: bool) -> None:
    assert known(granularity) is expected
