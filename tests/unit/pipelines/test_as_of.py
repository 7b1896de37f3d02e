"""The newest value known at a moment: as a reader would look it up by hand, whatever order rows come in."""

import math
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_pipelines.ml.features.as_of import AsOf, join_pandas

seconds, numbers = st.integers(0, 30), st.sampled_from([math.nan, -1.0, 0.0, 2.5])
groups = st.sampled_from(["EWR", "JFK"])


def by_hand(asked: pd.DataFrame, known: pd.DataFrame, rule: AsOf) -> list[Any]:
    """The largest of the newest rows that were known, and not stale, at each moment; None where there is none."""
    answers: list[Any] = []
    for moment, *by in asked[[rule.moment, *rule.by]].itertuples(index=False):
        same = [tuple(row) == tuple(by) for row in known[list(rule.by)].itertuples(index=False)]
        rows = known[np.array(same, dtype=bool)] if rule.by else known
        since = rows[rule.at] + rule.delay_s
        rows, since = rows[since <= moment], since[since <= moment]
        if rows.empty or (rule.stale_after_s is not None and moment - since.max() > rule.stale_after_s):
            answers.append(None)
            continue
        newest = rows[since == since.max()][list(rule.columns)].itertuples(index=False)
        answers.append(
            max(
                (tuple(row) for row in newest),
                key=lambda row: [(not math.isnan(v), 0.0 if math.isnan(v) else v) for v in row],
            )
        )
    return answers


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.tuples(groups, seconds), max_size=8),
    st.lists(st.tuples(groups, seconds, numbers, numbers), max_size=8),
    st.integers(0, 5),
    st.none() | st.integers(0, 9),
    st.booleans(),
)
def test_it_answers_what_a_reader_would_look_up(
    asked: list[Any], known: list[Any], delay_s: int, stale_after_s: int | None, by_group: bool
) -> None:
    rule = AsOf(
        by=("origin",) if by_group else (),
        moment="moment_s",
        at="at_s",
        columns=("wind", "rain"),
        delay_s=delay_s,
        stale_after_s=stale_after_s,
    )
    questions = pd.DataFrame(asked, columns=["origin", "moment_s"]).astype({"origin": object, "moment_s": "int64"})
    values = pd.DataFrame(known, columns=["origin", "at_s", "wind", "rain"])
    values = values.astype({"origin": object, "at_s": "int64", "wind": float, "rain": float})
    answered = join_pandas(questions, values, rule)
    nothing = (math.nan, math.nan)
    wanted = [row or nothing for row in by_hand(questions, values, rule)]
    pd.testing.assert_frame_equal(
        answered[["wind", "rain"]], pd.DataFrame(wanted, columns=["wind", "rain"], index=questions.index, dtype=float)
    )
    assert answered[["origin", "moment_s"]].equals(questions)


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(6)))
def test_the_order_that_rows_come_in_changes_nothing(order: list[int]) -> None:
    rule = AsOf(by=("origin",), moment="moment_s", at="at_s", columns=("wind",))
    asked = pd.DataFrame({"origin": ["EWR", "JFK"], "moment_s": [9, 9]}, index=[7, 3])
    known = pd.DataFrame({"origin": ["EWR", "JFK"] * 3, "at_s": [1, 1, 5, 5, 5, 5], "wind": [9.0, 9, 1, 2, 3, 4]})
    answered = join_pandas(asked, known.iloc[order], rule)
    assert answered.wind.to_dict() == {7: 3.0, 3: 4.0}
