"""The model that the inference benches ask: as flight_delays', of random rows, so that no data is needed."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT / "projects" / "flight_delays")]

if TYPE_CHECKING:
    import pandas as pd

# What a process that loads it needs, besides its own packages.
ENTRY = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
_TRUSTED = (
    "flight_delays.model.LateProbability",
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)


def frame(rows: int, seed: int = 0) -> "pd.DataFrame":
    """Random rows of flight_delays' features, as fine as they are: but for means, one decimal."""
    import numpy as np
    import pandas as pd

    from flight_delays.features import FEATURES

    random = np.random.default_rng(seed)
    words = np.array([f"v{number:02d}" for number in range(20)], dtype=object)
    columns: dict[str, Any] = {}
    for feature in FEATURES:
        if feature.type == "string":
            columns[feature.name] = words[random.integers(0, len(words), rows)]
        else:
            values = random.normal(size=rows) * 50
            known = values if "_mean_" in feature.name else np.round(values, 1)
            columns[feature.name] = np.where(random.random(rows) < 0.05, np.nan, known)
    return pd.DataFrame(columns)


def row() -> dict[str, Any]:
    """One row, as a request carries it."""
    from flight_delays.features import FEATURES

    return {feature.name: "v01" if feature.type == "string" else 1.5 for feature in FEATURES}


def save(folder: Path, *, iterations: int = 150) -> None:
    """Train on random rows and save as train does."""
    os.environ |= ENTRY  # before OpenMP is loaded: its threads spin, which starves whatever else runs
    import mlflow
    import numpy as np
    import pandas as pd

    from brickyard_pipelines.ml.registry.models import package_folder, signature
    from flight_delays.features import FEATURES
    from flight_delays.model import train

    features = frame(20_000)
    labels = pd.Series((np.random.default_rng(1).random(len(features)) < 0.25).astype("int64"))
    parameters = {"max_iter": iterations, "min_samples_leaf": 200, "early_stopping": False, "random_state": 0}
    mlflow.sklearn.save_model(
        train(features, labels, parameters),
        str(folder),
        signature=signature(FEATURES, "arrived_late"),
        pip_requirements=[],
        code_paths=[str(package_folder("flight_delays"))],
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
        skops_trusted_types=list(_TRUSTED),
    )
