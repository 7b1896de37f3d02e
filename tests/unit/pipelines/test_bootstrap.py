import numpy as np
import pytest

from brickyard_pipelines.ml.evaluation.bootstrap import paired_gain


def test_equal_losses_gain_nothing_for_sure() -> None:
    losses = np.random.default_rng(0).uniform(size=200)
    gain = paired_gain(losses, losses, np.arange(200) // 10)
    assert (gain.mean, gain.low, gain.high) == (0, 0, 0)


def test_the_same_rows_give_the_same_interval() -> None:
    random = np.random.default_rng(0)
    before, after, days = random.uniform(size=300), random.uniform(size=300), np.arange(300) // 10
    assert paired_gain(before, after, days) == paired_gain(before, after, days)


def test_rows_that_share_a_day_make_the_interval_wider() -> None:
    random = np.random.default_rng(0)
    days = np.arange(2000) // 100
    shared = random.normal(0, 0.3, 20)[days]
    before = np.ones(2000)
    after = 0.9 + shared
    by_day = paired_gain(before, after, days)
    as_if_alone = paired_gain(before, after, np.arange(2000))
    assert by_day.high - by_day.low > 3 * (as_if_alone.high - as_if_alone.low)
    assert by_day.clusters == 20


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        days = np.arange(600) // 10
        noise = random.normal(0, 0.2, 60)[days] + random.normal(0, 0.2, 600)
        gain = paired_gain(np.ones(600), 0.9 + noise, days, confidence=0.9, resamples=400)
        covered += gain.low <= 0.1 <= gain.high
    assert 0.83 <= covered / 200 <= 0.96


def test_pairing_sees_a_small_difference_under_large_common_noise() -> None:
    noise = np.random.default_rng(0).uniform(0, 5, 1000)
    gain = paired_gain(noise + 0.05, noise, np.arange(1000) // 20)
    assert 0 < gain.low < gain.mean < gain.high


def test_metrics_are_named_after_the_rival() -> None:
    gain = paired_gain(np.ones(4), np.full(4, 0.5), np.arange(4))
    assert gain.as_metrics("gain_over_x") == pytest.approx(
        {"gain_over_x_mean": 0.5, "gain_over_x_low": 0.5, "gain_over_x_high": 0.5}
    )
