"""A hold-out that is unlike the training period, and answers that are all alike, are no ground for a verdict."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.evaluation import mcnemar, sanity
from brickyard_pipelines.ml.evaluation.sanity import Profile
from brickyard_pipelines.ml.project import Budgets, Sanity

SEEN = Profile(
    null_shares={"carrier": 0.0, "age": 0.1},
    categories={"carrier": frozenset({"UA", "B6"})},
    label_rate=0.25,
    holdout_keys=100,
)


def failing(labels: Any = None, rows: int = 100, **columns: Any) -> list[str]:
    frame = pd.DataFrame({"carrier": ["UA", "B6"] * 50, "age": np.arange(100.0)} | columns)
    given = pd.Series([0, 0, 0, 1] * 25 if labels is None else labels)
    found = sanity.of_holdout(Sanity(), SEEN, frame, given, rows)
    return [f"{item.name}: {item.said}" for item in found if not item.passed]


def test_a_holdout_like_the_training_period_holds() -> None:
    assert failing() == []


def test_rows_that_a_join_multiplied_are_seen() -> None:
    assert failing(rows=101) == ["hold-out keys: 101 rows of 100 keys"]


def test_a_label_rate_that_moved_far_is_seen() -> None:
    assert failing(labels=[1] * 80 + [0] * 20) == ["hold-out label rate: 80.0%, 25.0% in training"]


def test_values_that_are_missing_now_are_seen_with_the_worst_column() -> None:
    age = np.where(np.arange(100) < 40, np.nan, 1.0)
    assert failing(age=age) == ["hold-out missing values: age 40.0%, 10.0% in training"]


def test_categories_that_training_never_saw_are_seen() -> None:
    assert failing(carrier=["UA", "XX"] * 50) == ["hold-out unseen categories: carrier: 50.0% of the rows"]


@pytest.mark.parametrize("answers", [np.full(10, 0.3), np.array([])])
def test_answers_that_are_all_alike_are_seen(answers: Any) -> None:
    assert [item.passed for item in sanity.of_answers(answers)] == [False]


def test_limits_that_are_no_shares_are_refused() -> None:
    with pytest.raises(InvalidProject, match=r"workflow\.gate\.sanity\.max_unseen_share: got 2, must be from 0 to 1"):
        Sanity(max_unseen_share=2)
    with pytest.raises(InvalidProject, match=r"workflow\.gate\.budgets\.load_s: got 0, must be more than 0"):
        Budgets(load_s=0)


def test_decisions_that_differ_by_chance_have_a_large_p_value_and_others_a_small_one() -> None:
    labels = np.ones(40, dtype=np.int64)
    champion = np.tile([0.9, 0.1], 20)
    same = mcnemar.compare(labels, champion, champion)
    mirrored = mcnemar.compare(labels, 1 - champion, champion)
    better = mcnemar.compare(labels, np.full(40, 0.9), champion)
    assert (same.p_value, mirrored.p_value) == (1.0, 1.0)
    assert (better.only_candidate, better.only_champion) == (20, 0)
    assert better.p_value == pytest.approx(2 * 0.5**20)
