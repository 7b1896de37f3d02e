"""Groups of the hold-out: harm that the data show refuses, chance does not, and what cannot be told is said."""

import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.evaluation import slices
from brickyard_pipelines.ml.evaluation.slices import Group
from brickyard_pipelines.ml.project import Bound, Gate, SliceGuard

ROWS = 6000
DAYS = np.repeat(np.arange(60), ROWS // 60)
CHANCE = np.random.default_rng(1)
LOSS = CHANCE.uniform(0.3, 0.6, ROWS)
FEATURES = pd.DataFrame(
    {
        "carrier": np.where(np.arange(ROWS) % 20 == 0, "HA", np.where(np.arange(ROWS) % 2, "UA", "B6")),
        "hour": np.tile(np.arange(24.0), ROWS // 24),
        "seats": np.where(np.arange(ROWS) % 3, 100.0, np.nan),
    }
)


def gate(**guards: SliceGuard) -> Gate:
    return Gate(min_rows=100, thresholds={"roc_auc": Bound(min=0.5)}, baseline_min_gain=0.0, slices=guards)


def groups(own: np.ndarray, champion: np.ndarray | None, **guards: SliceGuard) -> dict[str, Group]:
    found = slices.guard(gate(**guards), FEATURES, own, champion, DAYS)
    return {f"{group.column} {group.value}": group for group in found}


def test_a_group_that_got_worse_is_found_although_all_rows_together_got_better() -> None:
    own = np.where(FEATURES["carrier"] == "UA", LOSS * 1.1, LOSS * 0.8)
    assert own.mean() < LOSS.mean()
    found = groups(own, LOSS, carrier=SliceGuard(min_rows=500))
    assert found["carrier UA"].standing == "worse"
    assert found["carrier B6"].standing == "holds"
    assert (found["carrier HA"].standing, found["carrier HA"].why) == ("undecided", "300 rows, 500 are needed to tell")


@pytest.mark.parametrize("seed", range(2))
def test_equally_good_models_are_not_refused_by_chance_over_many_groups(seed: int) -> None:
    chance = np.random.default_rng(seed)
    own = LOSS + chance.normal(0, 0.05, ROWS)
    found = groups(
        own, LOSS, carrier=SliceGuard(min_rows=100, champion_margin=0), hour=SliceGuard(min_rows=100, bins=20)
    )
    assert len(found) > 20
    assert [name for name, group in found.items() if group.standing == "worse"] == []


def test_rows_that_cannot_rule_out_harm_are_undecided_and_not_passed_over() -> None:
    noisy = LOSS * CHANCE.choice([0.2, 1.8], ROWS)
    (found,) = {group.standing for group in groups(noisy, LOSS, hour=SliceGuard(min_rows=100)).values()}
    assert found == "undecided"


def test_numbers_are_cut_and_what_is_missing_is_a_group() -> None:
    found = groups(LOSS, LOSS, hour=SliceGuard(min_rows=100, bins=3), seats=SliceGuard(min_rows=100))
    assert sum(name.startswith("hour") for name in found) == 3
    assert {"seats 100.0", "seats no value"} <= set(found)
    assert sum(group.rows for group in found.values()) == 2 * ROWS


def test_the_first_model_answers_to_the_bound_alone() -> None:
    own = np.where(FEATURES["carrier"] == "UA", 0.7, 0.3)
    bounded = groups(own, None, carrier=SliceGuard(min_rows=500, max_loss=0.5))
    assert (bounded["carrier UA"].standing, bounded["carrier B6"].standing) == ("worse", "holds")
    free = groups(own, None, carrier=SliceGuard(min_rows=500))
    assert {group.standing for group in free.values()} == {"undecided"}


@pytest.mark.parametrize("champion", [None, LOSS])
def test_a_group_whose_loss_is_no_number_is_worse(champion: np.ndarray | None) -> None:
    own = np.where(FEATURES["carrier"] == "UA", np.nan, LOSS)
    assert groups(own, champion, carrier=SliceGuard(min_rows=500))["carrier UA"].standing == "worse"


def test_a_column_that_there_is_not_is_named() -> None:
    with pytest.raises(InvalidProject, match=r"slices\.carier: no such feature\. There are: carrier, hour, seats"):
        groups(LOSS, LOSS, carier=SliceGuard())


@pytest.mark.parametrize(
    ("name", "value"), [("min_rows", 29), ("max_loss", 0.0), ("champion_margin", -0.1), ("bins", 1)]
)
def test_a_guard_configured_open_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidProject, match=rf"workflow\.gate\.slices\.{name}: got .*, must be "):
        SliceGuard(**{name: value})  # type: ignore[arg-type]
