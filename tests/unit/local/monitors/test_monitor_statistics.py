"""Distances of distributions against scipy on the raw values; windows against the calendar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brickyard_local.monitors.engine import statistics
from brickyard_local.monitors.engine.statistics import Numbers

values = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=60)


def numbers(raw: list[float]) -> Numbers:
    distinct, counts = np.unique(np.array(raw), return_counts=True)
    return Numbers(values=distinct, counts=counts.astype(float), size=len(raw))


@settings(deadline=None, max_examples=30)
@given(now=values, before=values)
def test_counted_values_give_the_statistics_of_the_raw_ones(now: list[float], before: list[float]) -> None:
    found = statistics.numeric(numbers(now), numbers(before))

    assert found["ks_test"]["statistic"] == pytest.approx(stats.ks_2samp(now, before, method="asymp").statistic)
    assert found["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(now, before))
    assert found["population_stability_index"] >= 0
    assert numbers(now).median() == pytest.approx(np.median(now))
    assert 0 <= found["ks_test"]["pvalue"] <= 1


@settings(deadline=None, max_examples=30)
@given(raw=values, probability=st.floats(0, 1))
def test_quantiles_are_values_that_occur(raw: list[float], probability: float) -> None:
    [found] = numbers(raw).quantiles(np.array([probability]))

    assert found == np.quantile(raw, probability, method="inverted_cdf") or probability < 1e-9


def test_p_values_are_those_that_databricks_wrote() -> None:
    """Of a real workspace's drift table: KS statistic 0.062 of 1192 and 1344 rows, 0.038 of 941 and 1192."""
    for statistic, pvalue, now, before in (
        (0.062, 0.014853915612309707, 1192, 1344),
        (0.038, 0.4228041687817168, 941, 1192),
    ):
        found = statistics.ks_test(shifted(0.0, now), shifted(statistic, before))
        assert found["statistic"] == pytest.approx(statistic)
        assert found["pvalue"] == pytest.approx(pvalue, abs=1e-6)


def shifted(share: float, size: int) -> Numbers:
    """A distribution of two values, `share` of it on the higher one."""
    kept = np.array([1.0 - share, share])
    return Numbers(values=np.array([0.0, 1.0])[kept > 0], counts=kept[kept > 0] * size, size=size)


def test_what_did_not_change_did_not_drift() -> None:
    same = numbers([1.0, 2.0, 2.0, 5.0])

    assert statistics.numeric(same, same) == {
        "ks_test": {"statistic": 0.0, "pvalue": 1.0},
        "wasserstein_distance": 0.0,
        "population_stability_index": 0.0,
    }
    assert statistics.categorical({"a": 3}, {"a": 1})["chi_squared_test"] == {"statistic": 0.0, "pvalue": 1.0}


def test_what_has_nothing_in_common_is_as_far_apart_as_can_be() -> None:
    found = statistics.categorical({"a": 5}, {"b": 7})

    assert (found["tv_distance"], found["l_infinity_distance"]) == (1.0, 1.0)
    assert found["js_distance"] == pytest.approx(1.0)
    assert statistics.ks_test(numbers([1.0, 2.0]), numbers([8.0, 9.0]))["statistic"] == 1.0
