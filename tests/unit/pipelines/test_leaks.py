"""The leak guard: it sees features that know too much, and says so when it could not see anything."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.errors import LookAhead
from brickyard_pipelines.ml.features import leaks
from brickyard_pipelines.ml.features.leaks import Knowledge

SALES = pd.DataFrame({"key": range(50), "asked_s": np.arange(50) * 10, "sold_s": np.arange(50) * 10, "price": 1.0})
KNOWN = {"sales": [Knowledge(at="sold_s", columns=("price",), delay_s=5)]}
Tables = Mapping[str, pd.DataFrame]


def newest_price(lead_s: int) -> Any:
    """Features that know a price `lead_s` seconds after it was made."""

    def build(tables: Tables) -> pd.DataFrame:
        sales = tables["sales"]
        found = np.searchsorted(sales.sold_s.to_numpy() + lead_s, sales.asked_s.to_numpy(), side="right") - 1
        price = np.where(found >= 0, sales.price.to_numpy()[found], np.nan)
        return pd.DataFrame({"key": sales.key, "asked_s": sales.asked_s, "newest": price})

    return build


def check(build: Any, known: Any = KNOWN, moments: tuple[float, ...] = (100, 300)) -> int:
    return leaks.check(build, {"sales": SALES}, known, key="key", time_key="asked_s", moments=moments)


def test_features_that_wait_until_a_value_is_known_pass() -> None:
    assert check(newest_price(5)) == 11 + 31


@pytest.mark.parametrize("lead_s", [0, -30])
def test_a_value_that_is_used_too_early_is_named_with_its_rows(lead_s: int) -> None:
    with pytest.raises(LookAhead, match=r"from 100 on, \{'newest': \d+\} rows .*; the first is \d"):
        check(newest_price(lead_s))


@pytest.mark.parametrize(("known", "moments"), [(KNOWN, ()), (KNOWN, (-1.0,)), (KNOWN, (9999.0,)), ({}, (100.0,))])
def test_a_guard_that_compared_nothing_does_not_pass(known: Any, moments: tuple[float, ...]) -> None:
    with pytest.raises(LookAhead, match="Nothing was compared"):
        check(newest_price(5), known, moments)


def test_rows_that_disappear_with_another_future_are_a_leak_too() -> None:
    def sold_dear(tables: Tables) -> pd.DataFrame:
        rows: pd.DataFrame = newest_price(5)(tables)
        return rows.loc[tables["sales"].price.to_numpy() < 2]

    with pytest.raises(LookAhead):
        check(sold_dear, moments=(100.0,))
