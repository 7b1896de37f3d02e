"""How much the champion leans on each feature: `importance.json`, kept with the version, and logged by its run.

A version that was copied up brings its file along; the run stays in the workspace that trained it.
"""

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brickyard_pipelines.ml.training.importance import ARTIFACT


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """Shares by feature, and where they come from, in words."""

    shares: Mapping[str, float]
    said: str


def equal(features: Sequence[str], why: str) -> Importance:
    """Every feature counts the same, which is said."""
    share = 1 / len(features) if features else 0.0
    return Importance(shares=dict.fromkeys(features, share), said=f"equal weights: {why}")


def of_champion(model: str, version: str | None, features: Sequence[str]) -> Importance:
    """The shares that training found. Without a champion, or where nothing says them, equal ones.

    Errors: mlflow.exceptions.MlflowException, when the version's files cannot be read at all: equal weights for an hour
    would be another metric of the same name.
    """
    import mlflow.artifacts  # seconds of imports

    if version is None:
        return equal(features, "no version is champion")
    uri = f"models:/{model}/{version}"
    if any(file.path == ARTIFACT for file in mlflow.artifacts.list_artifacts(uri)):
        with tempfile.TemporaryDirectory(prefix="importance-") as folder:
            path = mlflow.artifacts.download_artifacts(f"{uri}/{ARTIFACT}", dst_path=folder)
            return read(_parsed(Path(path).read_text(encoding="utf-8")), version, features)
    return _of_run(model, version, features)


def _of_run(model: str, version: str, features: Sequence[str]) -> Importance:
    """As the run of a version that keeps no file logged it: a team's own training, or an earlier release of ours."""
    import mlflow.artifacts
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        run_id = str(MlflowClient().get_model_version(model, version).run_id)
        return read(mlflow.artifacts.load_dict(f"runs:/{run_id}/{ARTIFACT}"), version, features)
    except (MlflowException, OSError) as error:
        why = f"version {version} keeps no {ARTIFACT}, and its run has none that can be read ({type(error).__name__})"
        return equal(features, why)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def read(document: object, version: str, features: Sequence[str]) -> Importance:
    """Shares from the document, of the features that there are; a feature that it does not name counts nothing.

    >>> read({"a": 3, "b": 1, "gone": 1}, "7", ["a", "b"]).shares
    {'a': 0.75, 'b': 0.25}
    """
    named = document if isinstance(document, dict) else {}
    shares = {name: named.get(name, 0.0) for name in features}
    usable = all(isinstance(s, (int, float)) and math.isfinite(s) and s >= 0 for s in shares.values())
    total = float(sum(shares.values())) if usable else 0.0
    if not total > 0:
        return equal(features, f"the {ARTIFACT} of version {version} holds no shares of these features")
    return Importance(
        shares={name: float(share) / total for name, share in shares.items()},
        said=f"weighted by the importance that version {version} logged in training",
    )
