"""The reference model: probabilities whatever a request leaves out, and nothing hidden in its file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io  # type: ignore[import-untyped]

from brickyard_pipelines.ml.project import load_project
from flight_delays.features import FEATURES
from flight_delays.model import LateProbability, train

PARAMETERS = {"max_iter": 20, "min_samples_leaf": 20, "random_state": 0, "early_stopping": False}


def rows(count: int = 2000) -> pd.DataFrame:
    random = np.random.default_rng(0)
    numbers = {feature.name: random.normal(size=count) for feature in FEATURES if feature.type == "double"}
    text = {name: random.choice(["UA", "B6"], count) for name in ("carrier", "origin", "destination")}
    return pd.DataFrame({**text, **numbers})[[feature.name for feature in FEATURES]]


@pytest.fixture(scope="module")
def model() -> LateProbability:
    features = rows()
    return train(features, (features.origin_overdue_flights > 0.5).astype(int), PARAMETERS)


def test_it_answers_the_probability_of_being_late(model: LateProbability) -> None:
    features = rows()
    answered = model.predict(features)
    assert ((answered >= 0) & (answered <= 1)).all()
    assert answered[features.origin_overdue_flights > 1].mean() > 0.9
    assert answered[features.origin_overdue_flights < 0].mean() < 0.1


def test_columns_left_out_count_as_missing_and_unknown_ones_are_ignored(model: LateProbability) -> None:
    asked = rows().head(3)
    short = asked.drop(columns=["wind_gust_mph"]).assign(unknown=1)
    missing = asked.assign(wind_gust_mph=np.nan)
    assert model.predict(short).tolist() == model.predict(missing).tolist()


def test_the_order_of_columns_does_not_matter(model: LateProbability) -> None:
    asked = rows().head(3)
    assert model.predict(asked[asked.columns[::-1]]).tolist() == model.predict(asked).tolist()


def test_an_unseen_or_missing_carrier_gets_an_answer(model: LateProbability) -> None:
    asked = rows().head(2).assign(carrier=pd.Series(["ZZ", None]))
    assert np.isfinite(model.predict(asked)).all()


def test_the_same_rows_give_the_same_model(model: LateProbability) -> None:
    features = rows()
    again = train(features, (features.origin_overdue_flights > 0.5).astype(int), PARAMETERS)
    assert again.predict(features).tolist() == model.predict(features).tolist()


def test_its_file_holds_no_type_but_those_that_project_yaml_trusts(model: LateProbability, tmp_path: Path) -> None:
    skops.io.dump(model, tmp_path / "model.skops")
    trusted = load_project("flight_delays").workflow.training.skops_trusted_types
    assert set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) <= set(trusted)
    loaded = skops.io.load(tmp_path / "model.skops", trusted=list(trusted))
    assert loaded.predict(rows()).tolist() == model.predict(rows()).tolist()
