import json

import pandas as pd
import pytest

from brickyard_pipelines.ml.evaluation import baselines

ROWS = pd.DataFrame({"carrier": ["UA"] * 1000 + ["B6"] * 1000, "minute": [430.0] * 1500 + [500.0] * 500})
LABELS = pd.Series([1] * 800 + [0] * 200 + [0] * 1000)


def test_every_row_gets_the_base_rate_of_the_training_period() -> None:
    learnt = baselines.learn(ROWS, LABELS, [])
    assert learnt.predict(ROWS.head(2)) == {"base_rate": pytest.approx([0.4, 0.4])}


def test_a_large_group_gets_its_own_rate_a_small_one_nearly_the_base_rate() -> None:
    few = pd.concat([ROWS, pd.DataFrame({"carrier": ["ZZ"], "minute": [430.0]})], ignore_index=True)
    learnt = baselines.learn(few, pd.concat([LABELS, pd.Series([1])], ignore_index=True), ["carrier"])
    asked = pd.DataFrame({"carrier": ["UA", "ZZ", "new"]})
    known, small, unknown = learnt.predict(asked)["group_rate"]
    assert known == pytest.approx(0.8, abs=0.03)
    assert small == pytest.approx(0.4, abs=0.03)
    assert unknown == learnt.base_rate


def test_minutes_of_the_day_are_grouped_by_the_hour() -> None:
    learnt = baselines.learn(ROWS, LABELS, ["minute"])
    asked = pd.DataFrame({"minute": [420.0, 479.0, 480.0]})
    seven, still_seven, eight = learnt.predict(asked)["group_rate"]
    assert seven == still_seven != eight


def test_they_survive_as_json() -> None:
    learnt = baselines.learn(ROWS, LABELS, ["carrier", "minute"])
    again = baselines.from_document(json.loads(json.dumps(learnt.as_document())))
    assert again.predict(ROWS)["group_rate"].tolist() == learnt.predict(ROWS)["group_rate"].tolist()
